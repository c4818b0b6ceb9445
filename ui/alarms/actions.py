"""Everything a person can do to alarms, in one place, so that list, banner and detail do it alike and say the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu

from app.ports import Answer
from models.alarms import AlarmRow, AlarmState
from models.commands import (
    AcknowledgeAlarms,
    ResetAlarms,
    ReturnToService,
    ShelveAlarms,
    TakeOutOfService,
    UnacknowledgeAlarms,
    UnshelveAlarms,
)
from ui.alarms.columns import alarm_text
from ui.i18n import t
from ui.widgets.panel import PanelContext, ReasonRequest

SHELVE_FOR_S = (1800.0, 900.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 86_400.0)
_ACKED = frozenset({AlarmState.ACKED, AlarmState.LATCH_ACKED})


def can_acknowledge(row: AlarmRow) -> bool:
    """True while it waits for somebody."""
    return row.active and row.unacknowledged


def can_unacknowledge(row: AlarmRow) -> bool:
    """True if an acknowledgement can be taken back."""
    return row.active and row.state in _ACKED


def can_shelve(row: AlarmRow) -> bool:
    """True unless it is put aside already."""
    return row.active and row.state not in (AlarmState.SHLVD, AlarmState.OOSRV)


def can_reset(row: AlarmRow) -> bool:
    """True for a latched alarm that has been acknowledged (the engine checks that its condition is gone)."""
    return row.active and row.state is AlarmState.LATCH_ACKED


def phrases(kind: str) -> tuple[str, ...]:
    """Quick phrases for 'acknowledge', 'shelve' or 'service'."""
    return tuple(t(f"alarms.phrase.{kind}").split("|"))


def within(durations: Sequence[float], longest: float) -> tuple[float, ...]:
    """The durations that are allowed; the longest itself when none of them is."""
    return tuple(seconds for seconds in durations if seconds <= longest) or (longest,)


class AlarmActions(QObject):
    """Gives the orders; ``ctx`` says refusals, this says what was done."""

    def __init__(self, ctx: PanelContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self._on_the_way: set[int] = set()  # acknowledgements that have no answer yet

    def acknowledge(self, rows: Sequence[AlarmRow], comment: str = "") -> bool:
        """Acknowledge those that wait for it; False if there are none or the station is locked."""
        waiting = [row for row in rows if can_acknowledge(row) and row.occurrence_id not in self._on_the_way]
        if not waiting:
            return False
        ids = tuple(row.occurrence_id for row in waiting)
        command = AcknowledgeAlarms(
            occurrence_ids=ids, reason=comment, seen=tuple(int(row.priority) for row in waiting)
        )

        def said(answer: Answer) -> None:
            self._on_the_way.difference_update(ids)
            if answer.ok:
                done = len(answer.data["done"]) if isinstance(answer.data, dict) else len(ids)
                self.ctx.toast.emit(t("alarms.acknowledged", n=done), "ok")
                if done < len(ids):
                    self.ctx.toast.emit(t("alarms.not_acknowledged", n=len(ids) - done), "warning")

        self._on_the_way.update(ids)
        given = self.ctx.order(command, said, self)
        if not given:
            self._on_the_way.difference_update(ids)
        return given

    def ask_acknowledge(self, rows: Sequence[AlarmRow]) -> None:
        """Ask for a comment, with the quick phrases, then acknowledge."""
        waiting = [row for row in rows if can_acknowledge(row)]
        if waiting:
            self._ask(
                "acknowledge", waiting, lambda reason, _s, _o: self._void(self.acknowledge(waiting, reason)), False
            )

    def unacknowledge(self, rows: Sequence[AlarmRow]) -> None:
        """Take acknowledgements back."""
        ids = tuple(row.occurrence_id for row in rows if can_unacknowledge(row))
        if ids:
            self.ctx.order(UnacknowledgeAlarms(occurrence_ids=ids), self._said("alarms.unacknowledged", len(ids)), self)

    def reset(self, rows: Sequence[AlarmRow]) -> None:
        """Release latched alarms."""
        ids = tuple(row.occurrence_id for row in rows if can_reset(row))
        if ids:
            self.ctx.order(ResetAlarms(occurrence_ids=ids), self._said("alarms.was_reset", len(ids)), self)

    def ask_shelve(self, rows: Sequence[AlarmRow]) -> None:
        """Ask how long and why, then shelve."""
        chosen = [row for row in rows if can_shelve(row)]
        durations = self.shelve_durations(chosen)

        def shelve(reason: str, seconds: float | None, one_shot: bool) -> None:
            ids = tuple(row.occurrence_id for row in chosen)
            command = ShelveAlarms(occurrence_ids=ids, reason=reason, for_s=seconds or durations[0], one_shot=one_shot)
            self.ctx.order(command, self._said("alarms.was_shelved", len(ids)), self)

        if chosen:
            self._ask("shelve", chosen, shelve, True, durations)

    def shelve_durations(self, rows: Sequence[AlarmRow]) -> tuple[float, ...]:
        """Seconds that the rules allow for all of these alarms, the usual one first."""
        longest = self.ctx.station.alarms.limits().shelve_max_s
        return within(SHELVE_FOR_S, min((longest[row.priority] for row in rows), default=SHELVE_FOR_S[0]))

    def unshelve(self, rows: Sequence[AlarmRow]) -> None:
        """Bring shelved alarms back."""
        ids = tuple(row.occurrence_id for row in rows if row.state is AlarmState.SHLVD)
        if ids:
            self.ctx.order(UnshelveAlarms(occurrence_ids=ids), self._said("alarms.unshelved", len(ids)), self)

    def ask_out_of_service(self, row: AlarmRow) -> None:
        """Ask why, then take the alarm out of service."""

        def stop(reason: str, _s: float | None, _o: bool) -> None:
            command = TakeOutOfService(alarm_key=row.key, reason=reason)
            self.ctx.order(command, self._said("alarms.taken_out", 1), self)

        self._ask("service", [row], stop, True)

    def return_to_service(self, row: AlarmRow) -> None:
        """End of maintenance."""
        self.ctx.order(ReturnToService(alarm_key=row.key), self._said("alarms.returned", 1), self)

    def fill(self, menu: QMenu, rows: Sequence[AlarmRow], comment: bool = True) -> None:
        """Put everything that can be done to these rows into a menu."""

        def entry(key: str, action: str, possible: bool, run: Callable[[], object]) -> None:
            added, reason = menu.addAction(t(key), run), self.ctx.why_not(action)
            added.setEnabled(possible and not reason)
            added.setToolTip(reason)

        menu.setToolTipsVisible(True)

        waiting = any(map(can_acknowledge, rows))
        entry("alarms.acknowledge", AcknowledgeAlarms.action, waiting, lambda: self.acknowledge(rows))
        if comment:
            entry("alarms.acknowledge_with", AcknowledgeAlarms.action, waiting, lambda: self.ask_acknowledge(rows))
        taken = any(map(can_unacknowledge, rows))
        entry("alarms.unacknowledge", UnacknowledgeAlarms.action, taken, lambda: self.unacknowledge(rows))
        entry("alarms.reset", ResetAlarms.action, any(map(can_reset, rows)), lambda: self.reset(rows))
        entry("alarms.shelve", ShelveAlarms.action, any(map(can_shelve, rows)), lambda: self.ask_shelve(rows))
        shelved = any(row.state is AlarmState.SHLVD for row in rows)
        entry("alarms.unshelve", UnshelveAlarms.action, shelved, lambda: self.unshelve(rows))
        if len(rows) == 1:
            row = rows[0]
            if row.state is AlarmState.OOSRV:
                entry("alarms.return", ReturnToService.action, True, lambda: self.return_to_service(row))
            else:
                stop = TakeOutOfService.action
                entry("alarms.out_of_service", stop, row.active, lambda: self.ask_out_of_service(row))

    def _ask(
        self,
        kind: str,
        rows: Sequence[AlarmRow],
        done: Callable[[str, float | None, bool], None],
        required: bool,
        durations: tuple[float, ...] = (),
    ) -> None:
        if self.ctx.actor is None:
            self.ctx.toast.emit(t("common.locked_no_order"), "warning")
            return
        names = "\n".join(f"{row.tag} {alarm_text(row)}" for row in rows[:5])
        if len(rows) > 5:
            names += "\n" + t("alarms.and_more", n=len(rows) - 5)
        self.ctx.ask.emit(
            ReasonRequest(
                title=t(f"alarms.ask.{kind}.title", n=len(rows)),
                text=t(f"alarms.ask.{kind}.text") + "\n\n" + names,
                confirm=t(f"alarms.ask.{kind}.confirm"),
                done=done,
                phrases=phrases(kind),
                required=required,
                durations=durations,
                one_shot=kind == "shelve",
            )
        )

    def _said(self, key: str, n: int) -> Callable[[Answer], None]:
        def said(answer: Answer) -> None:
            if answer.ok:
                self.ctx.toast.emit(t(key, n=n), "ok")

        return said

    @staticmethod
    def _void(_: object) -> None:
        return None
