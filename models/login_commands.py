"""Orders about the second step of a login. Those that carry a password or a code never reach the engine as they are."""

from __future__ import annotations

from typing import ClassVar

from models.commands import Command


class _Own(Command, frozen=True, kw_only=True):
    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"


class EnrolTotp(_Own, frozen=True, kw_only=True):
    """Begin to use one-time codes; the answer's data is a TotpOffer. Counts after ConfirmTotp only.

    Refusals: wrong_password · conflict (it is on already) · directory_unavailable · key_trouble.
    """

    action: ClassVar[str] = "totp.enrol"
    password: str


class ConfirmTotp(_Own, frozen=True, kw_only=True):
    """The telephone shows this code: from now on logins ask for one. The data are the recovery codes, shown once.

    Refusals: wrong_code · not_found (nothing was begun) · key_trouble.
    """

    action: ClassVar[str] = "totp.confirm"
    code: str


class RenewRecoveryCodes(_Own, frozen=True, kw_only=True):
    """Ten new codes on paper (the data); the old ones are void. Refusals as of EnrolTotp, and not_found when it is off."""

    action: ClassVar[str] = "totp.recovery"
    password: str


class DisableTotp(_Own, frozen=True, kw_only=True):
    """Use no one-time codes any more. Refusals as of EnrolTotp, not_found, and totp_required for roles that must."""

    action: ClassVar[str] = "totp.disable"
    password: str


class ResetTotp(Command, frozen=True, kw_only=True):
    """An administrator ends somebody's second step (telephone lost); dangerous: ``totp.reset``. Sessions are closed."""

    action: ClassVar[str] = "totp.reset"
    login: str
    reason: str

    @property
    def target(self) -> str:
        """The user concerned."""
        return f"user:{self.login}"
