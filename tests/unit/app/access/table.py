"""Who may do what, written out by hand: an independent table that the shipped pack is held against."""

from __future__ import annotations

from models.rights import Role

_WATCH = {
    "alarm.acknowledge",
    "alarm.unacknowledge",
    "alarm.reset",
    "alarm.shelve",
    "alarm.unshelve",
    "alarm.mute",
    "data.export",
    "simulator.scenario",
}
_LEAD = _WATCH | {"alarm.out_of_service", "alarm.return_to_service", "deadletter.retry", "signature.second"}
_SAFETY = _LEAD | {"alarm.define", "deadletter.discard", "audit.read", "audit.verify", "audit.package", "rights.read"}

MAY: dict[str, set[str]] = {
    "everybody": {
        "session.login",
        "session.logout",
        "user.password",
        "user.first_password",
        "totp.enrol",
        "totp.confirm",
        "totp.recovery",
        "totp.disable",
        "alarm.silence",
    },
    Role.WORKER: set(),
    Role.OPERATOR: _WATCH,
    Role.SHIFT_LEADER: _LEAD,
    Role.COMMANDER: _LEAD,
    Role.SAFETY_MANAGER: _SAFETY,
    Role.EQUIPMENT_MANAGER: {
        "alarm.out_of_service",
        "alarm.return_to_service",
        "data.export",
        "deadletter.retry",
        "tag.save",
        "tag.retire",
    },
    Role.TRAINING_MANAGER: {"data.export"},
    Role.AUDITOR: {"audit.read", "audit.verify", "audit.package", "rights.read"},
    Role.ADMINISTRATOR: _SAFETY
    | {
        "tag.save",
        "tag.retire",
        "place.save",
        "user.create",
        "user.change",
        "totp.reset",
        "audit.anchor",
        "rights.grant",
        "rights.role",
        "rights.role_remove",
        "rights.signature",
    },
}
