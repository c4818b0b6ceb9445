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
    "people.read",
    "risk.read",
}
_LEAD = _WATCH | {
    "alarm.out_of_service",
    "alarm.return_to_service",
    "deadletter.retry",
    "signature.second",
    "privacy.names",
}
_ORGANISE = {
    "privacy.inventory",
    "privacy.write",
    "privacy.write_health",
    "privacy.reveal",
    "privacy.reveal_health",
    "privacy.export",
    "department.save",
    "post.save",
    "person.save",
    "person.leave",
    "leading_group.save",
    "leading_group.remove",
    "duty.save",
    "duty.remove",
    "responsibility.set",
    "responsibility.remove",
    "organisation.import",
}
_SAFETY = (
    _LEAD
    | _ORGANISE
    | {"alarm.define", "deadletter.discard", "audit.read", "audit.verify", "audit.package", "rights.read"}
)

_COLOUR = {"incident.save", "risk.override", "risk.override_end"}
_RISK = {
    "risk.item_save",
    "risk.item_remove",
    "risk.control_save",
    "risk.control_remove",
    "risk.answerable",
    "risk.hazard_save",
    "risk.weights",
    "map.outline",
    "map.point",
    "map.point_remove",
}

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
    Role.SHIFT_LEADER: _LEAD | _COLOUR,
    Role.COMMANDER: _LEAD | _COLOUR | {"privacy.reveal"},
    Role.SAFETY_MANAGER: _SAFETY | _COLOUR | _RISK,
    Role.EQUIPMENT_MANAGER: {
        "alarm.out_of_service",
        "alarm.return_to_service",
        "data.export",
        "deadletter.retry",
        "tag.save",
        "tag.retire",
        "people.read",
        "risk.read",
    },
    Role.TRAINING_MANAGER: {"data.export", "people.read", "risk.read", "privacy.names"},
    Role.AUDITOR: {
        "audit.read",
        "audit.verify",
        "audit.package",
        "rights.read",
        "people.read",
        "risk.read",
        "privacy.inventory",
    },
    Role.ADMINISTRATOR: _SAFETY
    - {f"privacy.{act}" for act in ("names", "write", "write_health", "reveal", "reveal_health", "export")}
    | {
        "map.plan",
        "map.outline",
        "map.point",
        "map.point_remove",
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
        "department.remove",
        "post.remove",
        "privacy.erase",
        "privacy.rotate_key",
    },
}
