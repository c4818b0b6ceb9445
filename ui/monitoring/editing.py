"""Opens the editors of tags and alarms from wherever somebody asks for them: tables, tree, context column, messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from app.ports import Answer
from models.alarms import AlarmDefinition
from models.commands import RetireTag, SaveAlarmDefinition, SaveTag
from models.readings import TagInfo
from ui.i18n import pick, t
from ui.widgets.panel import PanelContext, ReasonRequest


class Editing(QObject):
    """The one opener of this window; get it with :func:`editing`."""

    def __init__(self, ctx: PanelContext) -> None:
        super().__init__(ctx)
        self.ctx = ctx
        ctx.edit_tag.connect(self._edit_by_id)

    def may_edit(self) -> bool:
        """May the present person change tags or alarms?"""
        return self.ctx.allowed(SaveTag.action) or self.ctx.allowed(SaveAlarmDefinition.action)

    def new_tag(self, name: str = "", done: Callable[[], None] | None = None) -> None:
        """An empty tag editor; ``done`` is called once the tag has been created."""
        from ui.monitoring.tagsheet import TagSheet

        self.ctx.open_sheet.emit(TagSheet(self, None, name=name, saved=done))

    def edit_tag(self, tag: TagInfo) -> None:
        """The editor of a tag with the list of its alarms."""
        from ui.monitoring.tagsheet import TagSheet

        self.ctx.open_sheet.emit(TagSheet(self, tag))

    def edit_alarm(self, tag: TagInfo, definition: AlarmDefinition | None) -> None:
        """The editor of one alarm, or of a new one."""
        from ui.monitoring.alarmsheet import AlarmSheet

        self.ctx.open_sheet.emit(AlarmSheet(self, tag, definition))

    def import_tags(self) -> None:
        """Choose a table of tags and see what it would do."""
        from ui.monitoring.importsheet import ImportSheet

        self.ctx.open_sheet.emit(ImportSheet(self.ctx))

    def retire(self, tag: TagInfo) -> None:
        """Ask why, then take a tag out of use."""

        def said(answer: Answer) -> None:
            if answer.ok:
                self.ctx.toast.emit(t("monitoring.tag_sheet.retired", name=tag.name), "ok")

        def confirmed(reason: str, _seconds: float | None, _once: bool) -> None:
            self.ctx.order(RetireTag(name=tag.name, reason=reason), said, self)

        words = pick(tag.description, tag.description_en)
        alarms = len(self.ctx.station.alarms.definitions_of(tag.id))
        self.ctx.ask.emit(
            ReasonRequest(
                title=t("monitoring.tag_sheet.retire_title", name=tag.name),
                text=t("monitoring.tag_sheet.retire_text", n=alarms) + f"\n\n{tag.name} {words}".rstrip(),
                confirm=t("monitoring.tag_sheet.retire"),
                phrases=tuple(t("monitoring.tag_sheet.retire_phrases").split("|")),
                done=confirmed,
            )
        )

    def fill_menu(self, menu: QMenu, tags: Sequence[TagInfo]) -> None:
        """Entries for these tags in a menu."""
        edit = menu.addAction(t("monitoring.tree.edit"), partial(self.edit_tag, tags[0]))
        edit.setEnabled(len(tags) == 1 and self.may_edit())
        alarm = menu.addAction(t("monitoring.alarm_sheet.new"), partial(self.edit_alarm, tags[0], None))
        alarm.setEnabled(len(tags) == 1 and self.ctx.allowed(SaveAlarmDefinition.action))

    def _edit_by_id(self, tag_id: int) -> None:
        tag = self.ctx.station.tags.by_id(tag_id)
        if tag is not None:
            self.edit_tag(tag)


def editing(ctx: PanelContext) -> Editing:
    """The one opener of this window."""
    found = ctx.findChild(Editing)
    return found if isinstance(found, Editing) else Editing(ctx)
