"""What a login has beside its password: an account elsewhere, a telephone's one-time codes, codes on paper."""

from __future__ import annotations

import msgspec
from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, BigInt, Keyed
from models.people import Actor


class ExternalAccount(Base):
    """A user whose password lies in the company's directory, never here. ``dn`` is the entry at the last login."""

    __tablename__ = "external_account"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    dn: Mapped[str] = mapped_column(Text)
    since_us: Mapped[int] = mapped_column(BigInteger)
    seen_us: Mapped[int] = mapped_column(BigInteger)


class TotpSecret(Base):
    """A user's one-time secret, encrypted. Counts from ``confirmed_us`` on; ``last_step`` was the last code's."""

    __tablename__ = "totp_secret"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
    created_us: Mapped[int] = mapped_column(BigInteger)
    confirmed_us: Mapped[int | None] = mapped_column(BigInt)
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)


class RecoveryCode(Keyed, Base):
    """One code on paper, as an argon2id hash; good until it is used."""

    __tablename__ = "recovery_code"

    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    hash: Mapped[str] = mapped_column(String(255))
    used_us: Mapped[int | None] = mapped_column(BigInt)


class TotpOffer(msgspec.Struct, frozen=True):
    """What a person needs to set up the telephone, shown once: picture (PNG, SVG), address, and the secret to type."""

    secret: str
    uri: str
    png: bytes
    svg: bytes

    def __repr__(self) -> str:
        return "TotpOffer(***)"


class TotpState(msgspec.Struct, frozen=True):
    """How somebody's second step stands: off · pending (not confirmed) · on; times in UTC microseconds."""

    state: str
    required: bool = False
    confirmed_us: int | None = None
    recovery_left: int = 0


class LoginResult(msgspec.Struct, frozen=True):
    """Outcome of a login.

    done                   with the actor, and new recovery codes (once) when this login confirmed a new secret
    wrong · inactive · store_failed
    locked                 until ``locked_until_us``
    must_change            set_first_password goes on
    weak_password          the new password will not do
    totp_needed            log_in (set_first_password) again with the code of the telephone, or one on paper
    wrong_code             that code was wrong, old or used; counts like a wrong password
    totp_enrol             a role asks for one-time codes: show ``offer``, then log_in again with the first code
    directory_unavailable  no server of the company's directory answers; nothing else can let this account in
    not_allowed            the directory knows the person, but: ``detail`` no_group · no_role · login · disabled · locked
                           · account_expired · password_expired · must_change · hours · workstation · refused
    key_trouble            the key of the one-time secrets can't be read
    """

    code: str
    actor: Actor | None = None
    locked_until_us: int | None = None
    detail: str = ""
    offer: TotpOffer | None = None
    recovery_codes: tuple[str, ...] = ()


class DirectoryServer(msgspec.Struct, frozen=True, kw_only=True):
    """One server of the company's directory; ``problem`` is '' when it answers as it should."""

    server: str
    problem: str = ""


class DirectoryCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the directory found, and when (UTC microseconds)."""

    t_us: int
    servers: tuple[DirectoryServer, ...]
