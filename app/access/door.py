"""The one door: permission → handler → audit row in one transaction → events. Nothing changes state by another way.

The transaction and the memory of the engine must not part. A handler that changes something in memory registers at once,
with :meth:`Unit.on_rollback`, how to take it back; the door calls that (last registered first) whenever the transaction
does not commit, be it refused, failed in the handler or failed in the commit itself. What may only happen after a commit
goes to :meth:`Unit.after_commit` or ``Outcome.after_commit``; events are published after that.

A refusal leaves a row of its own in the trail: who tried what, and why it was not done.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import msgspec
import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.access import audit
from app.access.permissions import Permissions
from app.clock import Clock
from app.ports import Answer, Refused
from models.commands import Command
from models.events import Event
from models.people import Actor

log = structlog.get_logger(__name__)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler did: the answer's data, how it was and is for the trail, and what to do once it is committed."""

    data: Any = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    events: tuple[Event, ...] = ()
    after_commit: tuple[Callable[[], None], ...] = ()


class Unit:
    """One order's unit of work: the open transaction and what hangs on its end."""

    def __init__(self, session: Session, now_us: int) -> None:
        self.session = session
        self.now_us = now_us
        self._after: list[Callable[[], None]] = []
        self._undo: list[Callable[[], None]] = []

    def after_commit(self, callback: Callable[[], None]) -> None:
        """Call when the transaction is committed, before events are published."""
        self._after.append(callback)

    def on_rollback(self, callback: Callable[[], None]) -> None:
        """Call when the transaction does not commit: take back what was changed in memory."""
        self._undo.append(callback)

    def committed(self) -> None:
        """Run what waited for the commit; a failure is logged, the order is done all the same."""
        _run(self._after)

    def rolled_back(self) -> None:
        """Take back, last first."""
        _run(list(reversed(self._undo)))


Handler = Callable[[Unit, Any, Actor], Outcome]
Standing = Callable[[Session, Actor], str | None]


class Door:
    """Owned by the engine thread; only :meth:`allowed` may be called from others."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[Session]],
        permissions: Permissions,
        publish: Callable[[Event], None],
        clock: Clock,
        *,
        standing: Standing,
    ) -> None:
        """``standing`` says why an actor may not act at all at present (logged out, deactivated …), or None."""
        self._begin = begin
        self._permissions = permissions
        self._publish = publish
        self._clock = clock
        self._standing = standing
        self._handlers: dict[type[Command], Handler] = {}

    def register(self, handlers: dict[type[Command], Handler]) -> None:
        """Add handlers; raises ValueError when a command would have two."""
        twice = self._handlers.keys() & handlers.keys()
        if twice:
            raise ValueError(f"two handlers for {sorted(kind.__name__ for kind in twice)[0]}")
        self._handlers.update(handlers)

    @property
    def commands(self) -> frozenset[type[Command]]:
        """Commands that have a handler."""
        return frozenset(self._handlers)

    def allowed(self, action: str, actor: Actor) -> bool:
        """May this person do that? For enabling buttons; :meth:`handle` checks again."""
        return self._permissions.allowed(action, actor)

    def handle(self, command: Command, actor: Actor) -> Answer:
        """Carry out an order. Never raises: refusals and failures are answers."""
        handler = self._handlers.get(type(command))
        if not command.action or not self._permissions.allowed(command.action, actor):
            return self._refuse(command, actor, Answer("forbidden", f"{actor.login} may not {command.action}"))
        if handler is None:
            return self._refuse(command, actor, Answer("unknown", f"nobody handles {type(command).__name__}"))
        unit: Unit | None = None
        try:
            with self._begin() as session:
                unit = Unit(session, self._clock.now_us())
                outcome = self._carry_out(unit, handler, command, actor)
        except Refused as refused:
            return self._undone(unit, command, actor, Answer(refused.code, refused.detail, refused.params), "refused")
        except (StaleDataError, IntegrityError) as error:
            return self._undone(unit, command, actor, Answer("conflict", _cause(error)), "refused")
        except SQLAlchemyError as error:
            log.error("order_not_stored", action=command.action, detail=_cause(error))
            return self._undone(unit, command, actor, Answer("store_failed", _cause(error)), "failed")
        except Exception as error:  # a defect in one handler must not stop the engine, nor stay half done in memory
            log.exception("order_failed", action=command.action)
            return self._undone(unit, command, actor, Answer("failed", type(error).__name__), "failed")
        unit.committed()
        _run(list(outcome.after_commit))
        for event in outcome.events:
            self._publish(event)
        return Answer(data=outcome.data)

    def _carry_out(self, unit: Unit, handler: Handler, command: Command, actor: Actor) -> Outcome:
        obstacle = self._standing(unit.session, actor)
        if obstacle is not None:
            raise Refused(obstacle, f"{actor.login} has no standing: {obstacle}")
        outcome = handler(unit, command, actor)
        unit.session.flush()
        audit.append(
            unit.session,
            t_us=unit.now_us,
            actor=actor,
            action=command.action,
            target=command.target,
            outcome="done",
            reason=command.why,
            before=outcome.before,
            after=outcome.after,
        )
        return outcome

    def _undone(self, unit: Unit | None, command: Command, actor: Actor, answer: Answer, outcome: str) -> Answer:
        if unit is not None:
            unit.rolled_back()
        return self._refuse(command, actor, answer, outcome)

    def _refuse(self, command: Command, actor: Actor, answer: Answer, outcome: str = "refused") -> Answer:
        """Write the refusal in a transaction of its own; when even that fails, the log has it."""
        log.info("order_refused", action=command.action, login=actor.login, code=answer.code)
        try:
            with self._begin() as session:
                audit.append(
                    session,
                    t_us=self._clock.now_us(),
                    actor=actor,
                    action=command.action or type(command).__name__,
                    target=command.target,
                    outcome=outcome,
                    reason=command.why,
                    after={"code": answer.code, "detail": answer.detail},
                )
        except SQLAlchemyError as error:
            log.error("refusal_not_audited", action=command.action, login=actor.login, detail=_cause(error))
        return answer


def _cause(error: SQLAlchemyError) -> str:
    """What the database said, without the statement and its parameters (they may hold secrets)."""
    return str(getattr(error, "orig", None) or type(error).__name__)


def _run(callbacks: list[Callable[[], None]]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:  # the others must still run; the transaction's end is final
            log.exception("callback_failed", callback=repr(callback))
