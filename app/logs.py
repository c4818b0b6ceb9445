"""Structured logs: JSON lines in rotating files of the data directory, short lines on the console, never a secret.

Numbers by which a person could be reached or recognised are masked in whatever text they stand.
"""

from __future__ import annotations

import logging
import logging.handlers
import re
from pathlib import Path
from typing import Any

import structlog

from app.masking import mask_event

MAX_BYTES = 5_000_000
KEEP = 10
_SECRET_KEY = re.compile(r"passw|secret|token|credential|private|otp", re.IGNORECASE)
_URL_SECRET = re.compile(r"(?P<head>\w+://[^:/@\s]*:)[^@/\s]+@")


def hide_secrets(_logger: Any, _method: str, event: Any) -> Any:
    """Processor: values of secret-sounding keys, and passwords inside URLs, are blotted out."""
    for key, value in event.items():
        if _SECRET_KEY.search(key):
            event[key] = "***"
        elif isinstance(value, str):
            event[key] = _URL_SECRET.sub(r"\g<head>***@", value)
    return event


def set_up_logging(level: str, directory: Path | None = None, console: bool = True) -> None:
    """Route structlog and the standard library's logging to the console and, with ``directory``, to ankan.log there."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        hide_secrets,
        mask_event,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handlers: list[logging.Handler] = []
    if console:
        shown = logging.StreamHandler()
        shown.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=shared,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
                ],
            )
        )
        handlers.append(shown)
    if directory is not None:
        directory.mkdir(parents=True, exist_ok=True)
        kept = logging.handlers.RotatingFileHandler(
            directory / "ankan.log", maxBytes=MAX_BYTES, backupCount=KEEP, encoding="utf-8", delay=True
        )
        kept.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=shared,
                processors=[
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(ensure_ascii=False),
                ],
            )
        )
        handlers.append(kept)
    root = logging.getLogger()
    for old in root.handlers[:]:
        if getattr(old, "ankan", False):
            root.removeHandler(old)
            old.close()
    for handler in handlers:
        handler.ankan = True  # type: ignore[attr-defined]  # marks ours, so that a second call replaces them
        root.addHandler(handler)
    root.setLevel(level.upper())
    for noisy in ("amqtt", "transitions", "asyncio", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
