"""The second step of a login: who has one, whether a code is right, and the orders that begin, change and end it.

The worker opens the secret, compares and hashes; the engine thread then looks again whether the code is still unused,
in the same transaction that opens the session: of two who type the same code at once one gets in.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any, ClassVar

import msgspec
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.orm import Session as Transaction

from app.access import totp
from app.access.door import Handler, Outcome, Unit
from app.access.keys import KeyStore
from app.access.passwords import Passwords
from app.clock import Clock
from app.ports import Refused
from models.commands import Command
from models.events import UsersChanged
from models.login import RecoveryCode, TotpOffer, TotpSecret, TotpState
from models.login_commands import ResetTotp
from models.people import Actor, Session, User

KEY = "totp"
_SECRET, _CODE = TotpSecret.__table__, RecoveryCode.__table__


class Proof(msgspec.Struct, frozen=True):
    """A code that a worker found right: a telephone's (``step``) or one on paper (``recovery_id``).

    ``seen`` is the encrypted secret that it was checked against; ``hashes`` are those of new recovery codes, which come
    with the first code of a new secret. Never prints itself.
    """

    seen: bytes
    step: int = 0
    recovery_id: int = 0
    hashes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "Proof(***)"


class _Hidden(Command, frozen=True, kw_only=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


class StoreTotp(_Hidden, frozen=True, kw_only=True):
    """EnrolTotp with its password checked (``obstacle`` says why not) and its secret made."""

    action: ClassVar[str] = "totp.enrol"
    obstacle: str = ""
    nonce: bytes = b""
    ciphertext: bytes = b""
    offer: TotpOffer | None = None


class StoreConfirmed(_Hidden, frozen=True, kw_only=True):
    """ConfirmTotp with its code checked; no proof: it was wrong."""

    action: ClassVar[str] = "totp.confirm"
    obstacle: str = ""
    proof: Proof | None = None
    codes: tuple[str, ...] = ()


class StoreRecoveryCodes(_Hidden, frozen=True, kw_only=True):
    """RenewRecoveryCodes with its password checked and the codes made."""

    action: ClassVar[str] = "totp.recovery"
    obstacle: str = ""
    hashes: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class StoreDisabled(_Hidden, frozen=True, kw_only=True):
    """DisableTotp with its password checked."""

    action: ClassVar[str] = "totp.disable"
    obstacle: str = ""
    required: bool = False


class SecondStep:
    """The workers' side. Slow; thread-safe."""

    def __init__(
        self,
        read: Callable[[], AbstractContextManager[Connection]],
        keys: KeyStore,
        passwords: Passwords,
        clock: Clock,
        *,
        required: Collection[str] = (),
        site: str = "",
    ) -> None:
        """``required`` are codes of roles whose holders must use one-time codes."""
        self._read = read
        self._keys = keys
        self._passwords = passwords
        self._clock = clock
        self._required = frozenset(required)
        self._site = site

    def required(self, roles: Collection[str]) -> bool:
        """Must somebody with these roles use one-time codes?"""
        return not self._required.isdisjoint(roles)

    def state(self, user_id: int, roles: Collection[str] = ()) -> TotpState:
        """How somebody's second step stands. Raises SQLAlchemyError."""
        left = select(func.count()).where(_CODE.c.user_id == user_id, _CODE.c.used_us.is_(None))
        with self._read() as connection:
            row = connection.execute(select(_SECRET.c.confirmed_us).where(_SECRET.c.user_id == user_id)).first()
            count = connection.execute(left).scalar_one()
        state = "off" if row is None else "pending" if row.confirmed_us is None else "on"
        return TotpState(state, self.required(roles), row.confirmed_us if row is not None else None, count)

    def enrolment(self, user_id: int, login: str) -> StoreTotp:
        """The order that keeps a new secret for somebody; its offer is for their eyes. Raises KeyTrouble."""
        secret = totp.new_secret()
        nonce, ciphertext = totp.seal(self._keys.create(KEY, totp.new_key), user_id, secret)
        address = totp.uri(secret, login, self._site)
        offer = TotpOffer(secret, address, totp.qr_png(address), totp.qr_svg(address))
        return StoreTotp(nonce=nonce, ciphertext=ciphertext, offer=offer)

    def prove(self, user_id: int, code: str) -> Proof | None:
        """Is this code right? None when not. Raises KeyTrouble, SealBroken, SQLAlchemyError."""
        with self._read() as connection:
            row = connection.execute(select(_SECRET).where(_SECRET.c.user_id == user_id)).first()
            wanted = select(_CODE.c.id, _CODE.c.hash).where(_CODE.c.user_id == user_id, _CODE.c.used_us.is_(None))
            papers = connection.execute(wanted).all() if row is not None and totp.is_recovery(code) else []
        if row is None:
            return None
        if totp.is_code(code):
            secret = totp.unseal(self._key(user_id), user_id, row.nonce, row.ciphertext)
            step = totp.step_of(secret, code, self._clock.now_us(), row.last_step)
            return None if step is None else Proof(row.ciphertext, step=step)
        form = totp.recovery_form(code)
        for paper in papers if row.confirmed_us is not None else []:
            if self._passwords.matches(paper.hash, form):
                return Proof(row.ciphertext, recovery_id=paper.id)
        return None

    def with_recovery_codes(self, proof: Proof) -> tuple[Proof, tuple[str, ...]]:
        """The proof that makes a new secret count, and the recovery codes that come with it."""
        codes, hashes = self.recovery_codes()
        return msgspec.structs.replace(proof, hashes=hashes), codes

    def recovery_codes(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """New recovery codes, and their hashes."""
        codes = totp.new_recovery_codes()
        return codes, tuple(self._passwords.hash(totp.recovery_form(code)) for code in codes)

    def _key(self, user_id: int) -> bytes:
        key = self._keys.get(KEY)
        if key is None:
            raise totp.SealBroken(f"the key of one-time secrets is gone; that of user {user_id} can't be opened")
        return key


def spend(unit: Unit, user_id: int, proof: Proof | None) -> dict[str, Any]:
    """Use a proof up in the transaction that opens a session; what the trail says of it.

    Raises Refused totp_needed when a code is needed and there is none, wrong_code when it was used meanwhile.
    """
    row = unit.session.get(TotpSecret, user_id)
    if proof is None:
        if row is not None and row.confirmed_us is not None:
            raise Refused("totp_needed")
        return {}
    if row is None or row.ciphertext != proof.seen:
        raise Refused("wrong_code", "the one-time secret was changed meanwhile")
    if proof.recovery_id:
        used = update(RecoveryCode).where(
            RecoveryCode.id == proof.recovery_id, RecoveryCode.user_id == user_id, RecoveryCode.used_us.is_(None)
        )
        if _count(unit.session.execute(used.values(used_us=unit.now_us))) != 1 or row.confirmed_us is None:
            raise Refused("wrong_code", "this recovery code was used meanwhile")
        return {"second_step": "recovery", "recovery_left": _left(unit.session, user_id)}
    if proof.step <= row.last_step:
        raise Refused("wrong_code", "this code was used meanwhile")
    row.last_step = proof.step
    if row.confirmed_us is not None:
        return {"second_step": "code"}
    _confirm(unit, row, proof)
    return {"second_step": "confirmed"}


def handlers() -> dict[type[Command], Handler]:
    """Handlers of the orders here and of ResetTotp."""
    return {
        StoreTotp: _enrol,
        StoreConfirmed: _confirmed,
        StoreRecoveryCodes: _renew,
        StoreDisabled: _disable,
        ResetTotp: _reset,
    }


def reset_danger(transaction: Transaction, command: ResetTotp, actor: Actor) -> str:
    """Taking somebody's second step away opens the door to whoever knows the password."""
    return ResetTotp.action


def _enrol(unit: Unit, command: StoreTotp, actor: Actor) -> Outcome:
    _passed(command.obstacle)
    row = unit.session.get(TotpSecret, actor.user_id)
    if row is not None and row.confirmed_us is not None:
        raise Refused("conflict", "one-time codes are in use already")
    if row is None:
        row = TotpSecret(user_id=actor.user_id, last_step=0)
        unit.session.add(row)
    row.nonce, row.ciphertext, row.created_us = command.nonce, command.ciphertext, unit.now_us
    row.last_step = 0
    return Outcome(data=command.offer, after={"second_step": "pending"})


def _confirmed(unit: Unit, command: StoreConfirmed, actor: Actor) -> Outcome:
    row = _row(unit, actor.user_id)
    if row.confirmed_us is not None:
        raise Refused("conflict", "one-time codes are in use already")
    _passed(command.obstacle)
    if command.proof is None:
        raise Refused("wrong_code")
    return Outcome(data=command.codes, after=spend(unit, actor.user_id, command.proof))


def _renew(unit: Unit, command: StoreRecoveryCodes, actor: Actor) -> Outcome:
    _passed(command.obstacle)
    if _row(unit, actor.user_id).confirmed_us is None:
        raise Refused("not_found", "one-time codes are not in use")
    before = {"recovery_left": _left(unit.session, actor.user_id)}
    _papers(unit, actor.user_id, command.hashes)
    return Outcome(data=command.codes, before=before, after={"recovery_left": len(command.hashes)})


def _disable(unit: Unit, command: StoreDisabled, actor: Actor) -> Outcome:
    _passed(command.obstacle)
    row = _row(unit, actor.user_id)
    if command.required and row.confirmed_us is not None:
        raise Refused("totp_required", "this role must use one-time codes")
    before = _end(unit, row)
    return Outcome(before=before, after={"second_step": "off"}, events=(UsersChanged(unit.now_us),))


def _reset(unit: Unit, command: ResetTotp, actor: Actor) -> Outcome:
    if len(command.reason.strip()) < 2:
        raise Refused("reason_missing", "taking a second step away needs a reason")
    wanted = select(User.id).where(func.lower(User.login) == command.login.strip().lower())
    user_id = unit.session.scalar(wanted)
    if user_id is None:
        raise Refused("not_found", command.login)
    before = _end(unit, _row(unit, user_id))
    still_open = update(Session).where(Session.user_id == user_id, Session.closed_us.is_(None))
    unit.session.execute(still_open.values(closed_us=unit.now_us))
    return Outcome(data=user_id, before=before, after={"second_step": "off"}, events=(UsersChanged(unit.now_us),))


def _passed(obstacle: str) -> None:
    if obstacle:
        raise Refused(obstacle)


def _row(unit: Unit, user_id: int) -> TotpSecret:
    row = unit.session.get(TotpSecret, user_id)
    if row is None:
        raise Refused("not_found", "one-time codes are not in use")
    return row


def _confirm(unit: Unit, row: TotpSecret, proof: Proof) -> None:
    if not proof.hashes:
        raise Refused("wrong_code", "recovery codes come with the first code")
    row.confirmed_us = unit.now_us
    _papers(unit, row.user_id, proof.hashes)


def _papers(unit: Unit, user_id: int, hashes: Collection[str]) -> None:
    unit.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    unit.session.add_all(RecoveryCode(user_id=user_id, hash=each) for each in hashes)


def _end(unit: Unit, row: TotpSecret) -> dict[str, Any]:
    before = {"second_step": "pending" if row.confirmed_us is None else "on"}
    unit.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == row.user_id))
    unit.session.delete(row)
    return before


def _left(transaction: Transaction, user_id: int) -> int:
    left = select(func.count()).where(_CODE.c.user_id == user_id, _CODE.c.used_us.is_(None))
    return int(transaction.scalar(left) or 0)


def _count(result: Any) -> int:
    return int(result.rowcount)
