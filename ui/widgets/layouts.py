"""The menu of layouts: save under a name, restore, delete, show hidden panels, lock for kiosk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from ui.i18n import t
from ui.widgets.panel import PanelContext, ReasonRequest
from ui.widgets.preferences import Preferences
from ui.widgets.workspace import Workspace


def layout_menu(
    parent: QWidget,
    ctx: PanelContext,
    workspace: Workspace | None,
    preferences: Preferences,
    used: Callable[[str], None],
) -> QMenu:
    """The menu for a workspace; ``used(name)`` is told which layout is in use ('' = the delivered one)."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    free = not preferences.kiosk and ctx.actor is not None
    if workspace is not None:
        for name in workspace.names():
            menu.addAction(name, partial(_restore, workspace, name, used)).setEnabled(free)
        menu.addAction(t("frame.layout_restore_factory"), partial(_factory, workspace, used)).setEnabled(free)
        menu.addAction(t("frame.layout_save"), partial(_save, ctx, workspace, used)).setEnabled(free)
        if workspace.names():
            delete = menu.addMenu(t("frame.layout_delete"))
            delete.setEnabled(free)
            for name in workspace.names():
                delete.addAction(name, partial(workspace.delete, name))
        show = menu.addMenu(t("frame.layout_show"))
        for dock in workspace.docks.values():
            action = dock.toggleViewAction()
            action.setEnabled(free)
            show.addAction(action)
        menu.addSeparator()
    lock = menu.addAction(t("frame.lock_layout"))
    lock.setCheckable(True)
    lock.setChecked(preferences.kiosk)
    lock.setEnabled(ctx.actor is not None)
    lock.toggled.connect(lambda on: preferences.put("kiosk", on))
    return menu


def _restore(workspace: Workspace, name: str, used: Callable[[str], None]) -> None:
    if workspace.restore(name):
        used(name)


def _factory(workspace: Workspace, used: Callable[[str], None]) -> None:
    workspace.restore_factory()
    used("")


def _save(ctx: PanelContext, workspace: Workspace, used: Callable[[str], None]) -> None:
    def save(name: str, _seconds: float | None, _one_shot: bool) -> None:
        name = name.replace("/", "-").strip()[:60]
        workspace.save(name)
        used(name)
        ctx.toast.emit(t("frame.layout_saved", name=name), "ok")

    ctx.ask.emit(
        ReasonRequest(
            title=t("frame.layout_save"), text=t("frame.layout_save_text"), confirm=t("common.save"), done=save
        )
    )
