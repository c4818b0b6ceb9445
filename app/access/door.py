"""The one door: permission → signatures → handler → audit row in one transaction → events. Nothing changes state otherwise.

The transaction and the memory of the engine must not part. A handler that changes something in memory registers at once,
with :meth:`Unit.on_rollback`, how to take it back; the door calls that (last registered first) whenever the transaction
does not commit, be it refused, failed in the handler or failed in the commit itself. What may only happen after a commit
goes to :meth:`Unit.after_commit` or ``Outcome.after_commit``; events are published after that.

A refusal leaves a row of its own in the trail: who tried what, and why it was not done.

Orders that wait together share a transaction (:meth:`Door.handle_all`), each behind a savepoint of its own: one wait for
the disk serves them all. An order that touches memory closes its group, so that the next one sees what it did.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec
import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from app.access import audit
from app.clock import Clock
from app.ports import Answer, Refused
from models.commands import Command
from models.events import Event
from models.people import Actor, Signature
from models.rights import SignatureRule

log = structlog.get_logger(__name__)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler did: the answer's data, how it was and is for the trail, and what to do once it is committed."""

    data: Any = None
    outcome: str = "done"  # what the trail calls it: a login that failed was 'refused', though its record was made
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

    def touches_memory(self, outcome: Outcome | None) -> bool:
        """Does the engine's memory hang on this order's end?"""
        return bool(self._after or self._undo or (outcome is not None and outcome.after_commit))

    def committed(self) -> None:
        """Run what waited for the commit; a failure is logged, the order is done all the same."""
        _run(self._after)

    def rolled_back(self) -> None:
        """Take back, last first."""
        _run(list(reversed(self._undo)))


Handler = Callable[[Unit, Any, Actor], Outcome]
Standing = Callable[[Session, Actor], str | None]
Zones = Callable[[Session, Any], Iterable[str]]
Danger = Callable[[Session, Any, Actor], "str | None"]

GROUP = 100  # orders in one transaction at most


class Rights(Protocol):
    """What the door asks of the rights in force."""

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        """May this person do that there (None: anywhere)?"""

    def roles_of(self, actor: Actor) -> tuple[str, ...]:
        """Codes of the roles that the person holds now."""

    def rule(self, danger: str) -> SignatureRule:
        """What a danger asks for."""


class Order(msgspec.Struct, frozen=True):
    """A command, who gives it, and the signatures given with it."""

    command: Command
    actor: Actor
    signatures: tuple[Signature, ...] = ()


class _Done(msgspec.Struct):
    """An order on its way through a group."""

    order: Order
    answer: Answer
    unit: Unit | None = None
    outcome: Outcome | None = None


class Door:
    """Owned by the engine thread; only :meth:`allowed` may be called from others."""

    def __init__(
        self,
        begin: Callable[[], AbstractContextManager[Session]],
        rights: Rights,
        publish: Callable[[Event], None],
        clock: Clock,
        *,
        standing: Standing,
        still: Callable[[Session, Signature], str | None] = lambda _session, _signature: None,
        sealed: Callable[[audit.Sealed, audit.Sealed], None] = lambda _first, _last: None,
    ) -> None:
        """``standing`` says why an actor may not act at all at present (logged out, deactivated …), or None.

        ``still`` says why a signature does not count any more (locked, password changed …), or None. ``sealed`` is told
        the first and the last row that a commit added to the trail, after it.
        """
        self._begin = begin
        self._rights = rights
        self._publish = publish
        self._clock = clock
        self._standing = standing
        self._still = still
        self._sealed = sealed
        self._handlers: dict[type[Command], Handler] = {}
        self._zones: dict[type[Command], Zones] = {}
        self._dangers: dict[type[Command], Danger] = {}
        self._later: dict[str, Callable[[], object]] = {}

    def register_later(self, module: str, join: Callable[[], object]) -> None:
        """``join`` registers the orders declared in ``module`` when the first of them comes; it may be called twice."""
        self._later[module] = join

    def register(
        self,
        handlers: Mapping[type[Command], Handler],
        *,
        zones: Mapping[type[Command], Zones] | None = None,
        dangers: Mapping[type[Command], Danger] | None = None,
    ) -> None:
        """Add handlers; raises ValueError when a command would have two.

        ``zones`` say which places an order acts on ('' = the plant as a whole, as for orders without an entry), ``dangers``
        what makes it dangerous.
        """
        twice = self._handlers.keys() & handlers.keys()
        if twice:
            raise ValueError(f"two handlers for {sorted(kind.__name__ for kind in twice)[0]}")
        self._handlers.update(handlers)
        self._zones.update(zones or {})
        self._dangers.update(dangers or {})

    @property
    def commands(self) -> frozenset[type[Command]]:
        """Commands that have a handler; those of features that join later have joined then."""
        self._join(*self._later)
        return frozenset(self._handlers)

    @property
    def zoned(self) -> frozenset[type[Command]]:
        """Commands whose places are known; those of features that join later have joined then."""
        self._join(*self._later)
        return frozenset(self._zones)

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        """May this person do that? For enabling buttons; :meth:`handle` checks again."""
        return self._rights.allowed(action, actor, zone)

    def handle(self, command: Command, actor: Actor, signatures: Sequence[Signature] = ()) -> Answer:
        """Carry out an order. Never raises: refusals and failures are answers."""
        return self.handle_all([Order(command, actor, tuple(signatures))])[0]

    def handle_all(self, orders: Sequence[Order]) -> list[Answer]:
        """Carry out orders in turn, those that can be in one transaction; an answer for each, in their order."""
        waiting, answers = deque(orders), list[Answer]()
        while waiting:
            answers += self._group(waiting)
        return answers

    def _group(self, waiting: deque[Order]) -> list[Answer]:
        """Take orders as long as they may share a transaction; commit; tell."""
        done: list[_Done] = []
        current: _Done | None = None
        rows: list[audit.Sealed] = []
        try:
            with self._begin() as session:
                while waiting and len(done) < GROUP:
                    current = _Done(waiting.popleft(), Answer())
                    done.append(current)
                    rows.append(self._one(session, current, rows[-1] if rows else None))
                    session.expunge_all()
                    if current.unit is not None and current.unit.touches_memory(current.outcome):
                        break
        except Exception as error:  # the store's, or a defect: nothing of the group happened, the engine goes on
            if not isinstance(error, SQLAlchemyError):
                log.exception("orders_failed")
            if not done:
                done.append(_Done(waiting.popleft(), Answer()))
            return self._lost(done, error)
        _run([lambda: self._sealed(rows[0], rows[-1])])
        for each in done:
            self._tell(each)
        return [each.answer for each in done]

    def _one(self, session: Session, done: _Done, head: audit.Sealed | None) -> audit.Sealed:
        """One order behind its savepoint; its row in the trail. Raises SQLAlchemyError when even the refusal is not taken."""
        order = done.order
        done.unit = Unit(session, self._clock.now_us())
        actor = _named(order.actor, self._rights.roles_of(order.actor))
        outcome = "done"
        savepoint = session.begin_nested()
        try:
            done.outcome = self._carry_out(done.unit, order, actor)
            savepoint.commit()
        except Refused as refused:
            done.answer, outcome = Answer(refused.code, refused.detail, refused.params), "refused"
        except Exception as error:  # a defect in one handler must not stop the engine, nor stay half done in memory
            done.answer = _failure(error)
            outcome = "refused" if done.answer.code == "conflict" else "failed"
            if done.answer.code == "failed":
                log.exception("order_failed", action=order.command.action)
        if done.outcome is None or not done.answer.ok:
            done.outcome = None
            done.unit.rolled_back()
            if savepoint.is_active:
                savepoint.rollback()
            log.info("order_refused", action=order.command.action, login=actor.login, code=done.answer.code)
            return self._write(session, order, actor, outcome, None, _said(done.answer), done.unit.now_us, head)
        done.answer = Answer(data=done.outcome.data)
        result = done.outcome
        return self._write(session, order, actor, result.outcome, result.before, result.after, done.unit.now_us, head)

    def _carry_out(self, unit: Unit, order: Order, actor: Actor) -> Outcome:
        command = order.command
        obstacle = self._standing(unit.session, actor)
        if obstacle is not None:
            raise Refused(obstacle, f"{actor.login} has no standing: {obstacle}")
        if not command.action or not self._rights.allowed(command.action, actor):
            raise Refused("forbidden", f"{actor.login} may not {command.action}")
        self._join(type(command).__module__)
        handler = self._handlers.get(type(command))
        if handler is None:
            raise Refused("unknown", f"nobody handles {type(command).__name__}")
        zones = self._zones.get(type(command), _whole_plant)
        for zone in sorted(set(zones(unit.session, command))):
            if not self._rights.allowed(command.action, actor, zone):
                raise Refused(
                    "forbidden_here", f"{actor.login} may not {command.action} in {zone or 'the plant'}", zone=zone
                )
        danger = self._dangers.get(type(command))
        code = danger(unit.session, command, actor) if danger is not None else None
        if code is not None:
            self._signed(unit, order, actor, code)
        return handler(unit, command, actor)

    def _join(self, *modules: str) -> None:
        for module in modules:
            join = self._later.get(module)
            if join is not None:
                join()
                self._later.pop(module, None)

    def _signed(self, unit: Unit, order: Order, actor: Actor, danger: str) -> None:
        """Raises Refused signature_needed, or why a signature does not count."""
        rule = self._rights.rule(danger)
        first = [s for s in order.signatures if not s.second]
        second = [s for s in order.signatures if s.second]
        needed = {"danger": danger, "second": rule.second}
        if (rule.password and not first) or (rule.second and not second):
            raise Refused("signature_needed", f"{danger} needs a signature", **needed)
        for signature in order.signatures:
            if not signature.meaning.strip():
                raise Refused("signature_needed", "a signature needs a meaning", **needed)
            obstacle = self._still(unit.session, signature)
            if obstacle is not None:
                raise Refused(
                    "signature_void", f"the signature of {signature.login} does not count: {obstacle}", **needed
                )
        if any(s.user_id != actor.user_id for s in first):
            raise Refused("signature_void", "the first signature is of the person who gives the order", **needed)
        for signature in second:
            witness = Actor(signature.user_id, signature.login, signature.name, (), actor.station)
            if signature.user_id == actor.user_id:
                raise Refused("same_person", "the second signature is of somebody else", **needed)
            if not self._rights.allowed("signature.second", witness):
                raise Refused("signature_void", f"{signature.login} may not sign as second person", **needed)

    def _write(
        self,
        session: Session,
        order: Order,
        actor: Actor,
        outcome: str,
        before: dict[str, Any] | None,
        after: dict[str, Any] | None,
        now_us: int,
        head: audit.Sealed | None = None,
    ) -> audit.Sealed:
        command = order.command
        return audit.append(
            session,
            t_us=now_us,
            actor=actor,
            action=command.action or type(command).__name__,
            target=command.target,
            outcome=outcome,
            reason=command.why,
            before=before,
            after=after,
            signed=[
                {"login": s.login, "name": s.name, "meaning": s.meaning, "second": s.second} for s in order.signatures
            ]
            or None,
            head=head,
        )

    def _tell(self, done: _Done) -> None:
        """After the commit: what waited for it, then events."""
        if done.unit is None or done.outcome is None:
            return
        done.unit.committed()
        _run(list(done.outcome.after_commit))
        for event in done.outcome.events:
            self._publish(event)

    def _lost(self, done: list[_Done], error: Exception) -> list[Answer]:
        """The transaction did not commit: nothing of the group happened; each leaves a line of its own if it can."""
        answers = []
        for each in reversed(done):
            if each.unit is not None and each.outcome is not None:
                each.unit.rolled_back()
        for each in done:
            answer = _failure(error)
            log.error("order_not_stored", action=each.order.command.action, detail=answer.detail)
            actor = _named(each.order.actor, self._rights.roles_of(each.order.actor))
            try:
                with self._begin() as session:
                    row = self._write(session, each.order, actor, "failed", None, _said(answer), self._clock.now_us())
                self._sealed(row, row)
            except SQLAlchemyError as again:
                log.error(
                    "refusal_not_audited", action=each.order.command.action, login=actor.login, detail=_cause(again)
                )
            answers.append(answer)
        return answers


def _whole_plant(_session: Session, _command: Command) -> tuple[str]:
    """Where an order acts of which nobody said where: a right in one area is not enough for it."""
    return ("",)


def _failure(error: Exception) -> Answer:
    if isinstance(error, StaleDataError | IntegrityError):
        return Answer("conflict", _cause(error))
    if isinstance(error, SQLAlchemyError):
        return Answer("store_failed", _cause(error))
    return Answer("failed", type(error).__name__)


def _said(answer: Answer) -> dict[str, Any]:
    return {"code": answer.code, "detail": answer.detail}


def _named(actor: Actor, roles: tuple[str, ...]) -> Actor:
    """The actor with the roles held now."""
    return actor if actor.roles == roles else msgspec.structs.replace(actor, roles=roles)


def _cause(error: SQLAlchemyError) -> str:
    """What the database said: its first line, without statement and parameters (they and a DETAIL may hold secrets)."""
    return str(getattr(error, "orig", None) or type(error).__name__).partition("\n")[0]


def _run(callbacks: list[Callable[[], None]]) -> None:
    for callback in callbacks:
        try:
            callback()
        except Exception:  # the others must still run; the transaction's end is final
            log.exception("callback_failed", callback=repr(callback))
