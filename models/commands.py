"""Orders: what somebody wants done, frozen. Each has one handler, a permission and an audit row."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from models.alarms import AlarmDefinition
from models.rights import Grant


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all orders. ``action`` is the name that permissions and audit know it by."""

    action: ClassVar[str] = ""

    @property
    def target(self) -> str:
        """What the order acts on, for the audit."""
        return ""

    @property
    def why(self) -> str:
        """The reason that the person gave, for the audit; '' where the order asks for none."""
        return str(getattr(self, "reason", ""))


class _OnAlarms(Command, frozen=True, kw_only=True):
    occurrence_ids: tuple[int, ...]
    reason: str = ""

    @property
    def target(self) -> str:
        return "alarm:" + ",".join(map(str, self.occurrence_ids[:20]))


class AcknowledgeAlarms(_OnAlarms, frozen=True, kw_only=True):
    """The person has seen these alarms; ``reason`` is the comment.

    ``seen`` is the priority of each as it was read: one that has become worse since is not acknowledged. Empty means
    that everything is.
    """

    action: ClassVar[str] = "alarm.acknowledge"
    seen: tuple[int, ...] = ()


class UnacknowledgeAlarms(_OnAlarms, frozen=True, kw_only=True):
    """Take an acknowledgement back."""

    action: ClassVar[str] = "alarm.unacknowledge"


class ResetAlarms(_OnAlarms, frozen=True, kw_only=True):
    """Release latched alarms whose condition is gone."""

    action: ClassVar[str] = "alarm.reset"


class ShelveAlarms(_OnAlarms, frozen=True, kw_only=True):
    """Put aside for ``for_s`` seconds, or with ``one_shot`` until it has cleared once; needs a reason."""

    action: ClassVar[str] = "alarm.shelve"
    for_s: float
    one_shot: bool = False


class UnshelveAlarms(_OnAlarms, frozen=True, kw_only=True):
    """Bring shelved alarms back."""

    action: ClassVar[str] = "alarm.unshelve"


class TakeOutOfService(Command, frozen=True, kw_only=True):
    """Stop an alarm for maintenance; needs a reason."""

    action: ClassVar[str] = "alarm.out_of_service"
    alarm_key: str
    reason: str

    @property
    def target(self) -> str:
        return f"alarm:{self.alarm_key}"


class ReturnToService(Command, frozen=True, kw_only=True):
    """End of maintenance: the condition is looked at again at once."""

    action: ClassVar[str] = "alarm.return_to_service"
    alarm_key: str
    reason: str = ""

    @property
    def target(self) -> str:
        return f"alarm:{self.alarm_key}"


class SilenceSound(Command, frozen=True, kw_only=True):
    """Stop the alarm sound at this station until the next alarm; acknowledges nothing."""

    action: ClassVar[str] = "alarm.silence"


class MuteSound(Command, frozen=True, kw_only=True):
    """Mute (or unmute) this station; the mute shows in the banner and ends by itself after ``for_s`` seconds."""

    action: ClassVar[str] = "alarm.mute"
    muted: bool
    for_s: float = 0.0
    reason: str = ""


class SaveAlarmDefinition(Command, frozen=True, kw_only=True):
    """Create or change an alarm definition."""

    action: ClassVar[str] = "alarm.define"
    definition: AlarmDefinition
    reason: str = ""

    @property
    def target(self) -> str:
        return f"alarm:{self.definition.key}"


class TagDraft(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of a tag as edited; ``place`` is the code of its device, unit or area."""

    name: str
    description: str = ""
    description_en: str = ""
    place: str = ""
    kind: str = "analog"
    unit: str = ""
    decimals: int = 1
    range_lo: float | None = None
    range_hi: float | None = None
    stale_after_s: float | None = None
    retention: str = "normal"
    compress_deadband: float | None = None
    states: dict[str, list[str]] | None = None


class SaveTag(Command, frozen=True, kw_only=True):
    """Create or change a tag."""

    action: ClassVar[str] = "tag.save"
    tag: TagDraft
    reason: str = ""

    @property
    def target(self) -> str:
        return f"tag:{self.tag.name}"


class SavePlace(Command, frozen=True, kw_only=True):
    """Create or change a place of the plant tree (plant → area → unit → device); ``parent`` is the code above it."""

    action: ClassVar[str] = "place.save"
    code: str
    kind: str
    name: str
    name_en: str = ""
    parent: str = ""
    position: int = 0
    reason: str = ""

    @property
    def target(self) -> str:
        return f"place:{self.code}"


class RetireTag(Command, frozen=True, kw_only=True):
    """Take a tag out of use; its history stays."""

    action: ClassVar[str] = "tag.retire"
    name: str
    reason: str

    @property
    def target(self) -> str:
        return f"tag:{self.name}"


class RetryDeadLetters(Command, frozen=True, kw_only=True):
    """Send dead letters through the pipeline again (after a mapping or tag was mended)."""

    action: ClassVar[str] = "deadletter.retry"
    ids: tuple[int, ...] = ()
    reason_code: str = ""  # with no ids: all open ones of this reason, or all

    @property
    def target(self) -> str:
        return "deadletter:" + (",".join(map(str, self.ids[:20])) or self.reason_code or "*")


class DiscardDeadLetters(Command, frozen=True, kw_only=True):
    """Close dead letters that are of no use; needs a reason."""

    action: ClassVar[str] = "deadletter.discard"
    ids: tuple[int, ...]
    reason: str

    @property
    def target(self) -> str:
        return "deadletter:" + ",".join(map(str, self.ids[:20]))


class CreateUser(Command, frozen=True, kw_only=True):
    """A new person who can log in; the first password must be changed at the first login."""

    action: ClassVar[str] = "user.create"
    login: str
    name: str
    password: str
    grants: tuple[Grant, ...] = ()

    @property
    def target(self) -> str:
        return f"user:{self.login}"


class ChangeUser(Command, frozen=True, kw_only=True):
    """Change name or activity of a user; unlocks when ``unlock``. Roles: see :class:`SetGrants`."""

    action: ClassVar[str] = "user.change"
    login: str
    name: str | None = None
    active: bool | None = None
    unlock: bool = False
    new_password: str | None = None
    reason: str = ""

    @property
    def target(self) -> str:
        return f"user:{self.login}"


class SetGrants(Command, frozen=True, kw_only=True):
    """Which roles a user holds, and where: these and no others from now on. Who granted and when is filled in."""

    action: ClassVar[str] = "rights.grant"
    login: str
    grants: tuple[Grant, ...]
    reason: str

    @property
    def target(self) -> str:
        return f"user:{self.login}"


class SaveRole(Command, frozen=True, kw_only=True):
    """Create a role or change what it holds."""

    action: ClassVar[str] = "rights.role"
    code: str
    actions: frozenset[str]
    name: str = ""
    name_en: str = ""
    reason: str

    @property
    def target(self) -> str:
        return f"role:{self.code}"


class RemoveRole(Command, frozen=True, kw_only=True):
    """Remove a role of the site's own that nobody holds."""

    action: ClassVar[str] = "rights.role_remove"
    code: str
    reason: str

    @property
    def target(self) -> str:
        return f"role:{self.code}"


class SaveSignatureRule(Command, frozen=True, kw_only=True):
    """What a danger asks for from now on: the password again, and a second person."""

    action: ClassVar[str] = "rights.signature"
    danger: str
    password: bool
    second: bool
    reason: str

    @property
    def target(self) -> str:
        return f"danger:{self.danger}"


class ChangeOwnPassword(Command, frozen=True, kw_only=True):
    """A person sets a new password, proving the old one."""

    action: ClassVar[str] = "user.password"
    old_password: str
    new_password: str


class LogOut(Command, frozen=True, kw_only=True):
    """End of a session."""

    action: ClassVar[str] = "session.logout"


class ExportData(Command, frozen=True, kw_only=True):
    """Somebody took data out: what, how much, where to. Only the trace is written."""

    action: ClassVar[str] = "data.export"
    what: str
    rows: int
    path: str

    @property
    def target(self) -> str:
        return self.what


class RunScenario(Command, frozen=True, kw_only=True):
    """Start or stop a simulator scenario (demo plant only)."""

    action: ClassVar[str] = "simulator.scenario"
    name: str
    running: bool = True

    @property
    def target(self) -> str:
        return f"scenario:{self.name}"
