"""Facts on their way: many handlers an event, and one that fails never silences the others."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import structlog

from models.events import Event

log = structlog.get_logger(__name__)
Handler = Callable[[Any], None]


class Bus:
    """In-process publish/subscribe. Handlers run on the publisher's thread and must be quick."""

    def __init__(self) -> None:
        self._handlers: dict[type[Event], tuple[Handler, ...]] = {}
        self._lock = threading.Lock()

    def subscribe(self, kind: type[Event], handler: Handler) -> Callable[[], None]:
        """Call ``handler`` for each event of exactly this ``kind``; returns a function that unsubscribes."""
        with self._lock:
            self._handlers[kind] = (*self._handlers.get(kind, ()), handler)

        def unsubscribe() -> None:
            with self._lock:
                self._handlers[kind] = tuple(h for h in self._handlers.get(kind, ()) if h is not handler)

        return unsubscribe

    def publish(self, event: Event) -> None:
        """Hand an event to all its handlers; failures are logged with the handler's name and never raised."""
        for handler in self._handlers.get(type(event), ()):
            try:
                handler(event)
            except Exception:  # one handler's defect must not silence the others; the log has it
                log.exception("handler_failed", handler=repr(handler), event_kind=type(event).__name__)
