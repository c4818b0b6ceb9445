"""Says in a toast what the engine could not do: once when it starts, and again when it is over."""

from __future__ import annotations

from PySide6.QtCore import QObject

from models.events import EngineCrashed, StoreFailed, StoreRecovered
from ui.i18n import count_text, t
from ui.widgets.panel import PanelContext


class EngineNews(QObject):
    """Listens to the bridge for as long as its parent lives."""

    def __init__(self, ctx: PanelContext, parent: QObject) -> None:
        super().__init__(parent)
        self._ctx = ctx
        self._store_said = False
        ctx.bridge.store_failed.connect(self._store_failed)
        ctx.bridge.store_recovered.connect(self._store_recovered)
        ctx.bridge.crashed.connect(self._crashed)

    def _store_failed(self, _event: StoreFailed) -> None:
        if not self._store_said:
            self._store_said = True
            self._ctx.toast.emit(t("frame.store_failed"), "warning")

    def _store_recovered(self, event: StoreRecovered) -> None:
        self._store_said = False
        self._ctx.toast.emit(t("frame.store_recovered", n=count_text(event.recovered)), "ok")

    def _crashed(self, _event: EngineCrashed) -> None:
        self._ctx.toast.emit(t("frame.crashed"), "warning")
