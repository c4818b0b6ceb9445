"""Handlers of every order on the organisation and on private data, and what is dangerous among them.

The trail gets who, what, why and masks; a private value is in no row of it, nor in any log line.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.orm import Session

from app.access.door import Handler, Outcome, Unit
from app.access.keys import KeyTrouble
from app.access.vault import VaultTrouble
from app.organisation import structure
from app.organisation.changes import Change, find_person, need_reason
from app.organisation.people import May, PeopleWriter, open_tasks, put_member, remove_member
from app.organisation.policy import PrivacyPolicy
from app.organisation.private import PrivateStore
from app.organisation.retention import erase, purge
from app.ports import Refused
from models.commands import Command
from models.events import Event, OrganisationChanged
from models.organisation import Person
from models.organisation_commands import (
    ErasePerson,
    ExportPrivate,
    ImportOrganisation,
    MemberDraft,
    PersonLeft,
    PurgePrivate,
    RemoveDepartment,
    RemoveDuty,
    RemoveMember,
    RemovePost,
    RemoveResponsibility,
    ResponsibilityDraft,
    RevealPrivate,
    RotateVaultKey,
    SaveDepartment,
    SaveDuty,
    SaveMember,
    SavePerson,
    SavePost,
    SetResponsibility,
)
from models.people import Actor
from models.privacy import PrivateField

Read = Callable[[], AbstractContextManager[Connection]]

#: What makes an order dangerous, for the door: code of the danger.
DANGERS: dict[type[Command], Callable[[Session, Any, Actor], str | None]] = {
    ExportPrivate: lambda _session, _command, _actor: "privacy.export",
}


def handlers(private: PrivateStore, policy: PrivacyPolicy, may: May, read: Read) -> dict[type[Command], Handler]:
    """Handlers; ``may`` is asked for rights that hang on the content of an order (health data, private columns).

    ``read`` opens a connection, to see after a change of keys which ones nothing needs any more.
    """
    found: dict[type[Command], Handler] = {
        **_structure_handlers(),
        **_people_handlers(private, may),
        **_privacy_handlers(private, policy, may),
        RotateVaultKey: _rotation(private, read),
    }
    return {kind: _without_traceback(handler) for kind, handler in found.items()}


def _without_traceback(handler: Handler) -> Handler:
    """Trouble with keys is an answer in words, not a defect."""

    def guarded(unit: Unit, command: Any, actor: Actor) -> Outcome:
        try:
            return handler(unit, command, actor)
        except KeyTrouble as trouble:
            raise Refused("key_trouble", str(trouble)) from trouble
        except VaultTrouble as trouble:
            raise Refused("unreadable", str(trouble)) from trouble

    return guarded


def _said(unit: Unit) -> tuple[Event, ...]:
    return (OrganisationChanged(unit.now_us),)


def _saved(unit: Unit, change: Change, data: Any = None) -> Outcome:
    return Outcome(
        data=change.key if data is None else data, before=change.before, after=change.after, events=_said(unit)
    )


def _structure_handlers() -> dict[type[Command], Handler]:
    def department(unit: Unit, command: SaveDepartment, _actor: Actor) -> Outcome:
        return _saved(unit, structure.put_department(unit.session, command.department, command.version))

    def post(unit: Unit, command: SavePost, _actor: Actor) -> Outcome:
        return _saved(unit, structure.put_post(unit.session, command.post, command.version))

    def duty(unit: Unit, command: SaveDuty, _actor: Actor) -> Outcome:
        return _saved(unit, structure.put_duty(unit.session, command.duty, command.version))

    def responsibility(unit: Unit, command: SetResponsibility, _actor: Actor) -> Outcome:
        return _saved(unit, structure.put_responsibility(unit.session, command.responsibility, command.version))

    def removed(remove: Callable[[Session, Any], dict[str, Any]]) -> Handler:
        def handle(unit: Unit, command: Any, _actor: Actor) -> Outcome:
            need_reason(command.reason)
            return Outcome(before=remove(unit.session, command), events=_said(unit))

        return handle

    return {
        SaveDepartment: department,
        SavePost: post,
        SaveDuty: duty,
        SetResponsibility: responsibility,
        RemoveDepartment: removed(lambda session, command: structure.remove_department(session, command.code)),
        RemovePost: removed(lambda session, command: structure.remove_post(session, command.code)),
        RemoveDuty: removed(lambda session, command: structure.remove_duty(session, command.code)),
        RemoveResponsibility: removed(
            lambda session, c: structure.remove_responsibility(
                session, ResponsibilityDraft(place=c.place, post=c.post, duty=c.duty)
            )
        ),
        RemoveMember: removed(lambda session, c: remove_member(session, MemberDraft(number=c.number, role=c.role))),
    }


def _people_handlers(private: PrivateStore, may: May) -> dict[type[Command], Handler]:
    writer = PeopleWriter(private, may)

    def person(unit: Unit, command: SavePerson, actor: Actor) -> Outcome:
        return _saved(unit, writer.put(unit.session, command.person, actor, unit.now_us, command.version))

    def left(unit: Unit, command: PersonLeft, _actor: Actor) -> Outcome:
        need_reason(command.reason)
        change = writer.left(unit.session, command.number, command.left_us, unit.now_us)
        return _saved(unit, change, open_tasks(unit.session, change.key))

    def member(unit: Unit, command: SaveMember, _actor: Actor) -> Outcome:
        return _saved(unit, put_member(unit.session, command.member, command.version))

    def book(unit: Unit, command: ImportOrganisation, actor: Actor) -> Outcome:
        session, draft = unit.session, command.draft
        changes: dict[str, list[Change]] = {
            "departments": [structure.put_department(session, d) for d in draft.departments],
            "posts": [structure.put_post(session, p) for p in draft.posts],
            "people": [writer.put(session, p, actor, unit.now_us) for p in draft.people],
            "leading_group": [put_member(session, m) for m in draft.members],
            "duties": [structure.put_duty(session, d) for d in draft.duties],
            "responsibilities": [structure.put_responsibility(session, r) for r in draft.responsibilities],
        }
        before = {name: [c.before for c in rows if c.before and c.changed] for name, rows in changes.items()}
        after = {name: [c.after for c in rows if c.changed] for name, rows in changes.items()}
        counts = {
            name: {
                "new": sum(c.before is None for c in rows),
                "changed": sum(bool(c.before and c.changed) for c in rows),
            }
            for name, rows in changes.items()
        }
        return Outcome(data=counts, before=before, after={"counts": counts, **after}, events=_said(unit))

    return {SavePerson: person, PersonLeft: left, SaveMember: member, ImportOrganisation: book}


def _privacy_handlers(private: PrivateStore, policy: PrivacyPolicy, may: May) -> dict[type[Command], Handler]:
    def reveal(unit: Unit, command: RevealPrivate, actor: Actor) -> Outcome:
        need_reason(command.reason)
        fields = _fields(command.fields)
        _check_health(fields, actor, may)
        person = find_person(unit.session, command.number)
        if person is None:
            raise Refused("not_found", f"no person {command.number!r}")
        values = private.of_person(unit.session, person.id)
        unreadable = [field.value for field in fields if field in values and values[field][0] is None]
        if unreadable:
            raise VaultTrouble(f"{', '.join(unreadable)} of {command.number} can't be decrypted")
        data = {field.value: values[field][0] if field in values else "" for field in fields}
        return Outcome(data=data, after={"fields": [field.value for field in fields]})

    def export(unit: Unit, command: ExportPrivate, actor: Actor) -> Outcome:
        need_reason(command.reason)
        fields = _fields(command.fields)
        _check_health(fields, actor, may)
        wanted = select(Person.id, Person.number).order_by(Person.number)
        people = {row.id: row.number for row in unit.session.execute(wanted)}
        if command.numbers:
            missing = sorted(set(command.numbers) - set(people.values()))
            if missing:
                raise Refused("not_found", f"no person {missing[0]!r}")
            people = {key: number for key, number in people.items() if number in set(command.numbers)}
        columns = [private.read(unit.session, field, people) for field in fields]
        rows = [[number, *(column.get(key, "") for column in columns)] for key, number in people.items()]
        after = {"fields": [field.value for field in fields], "people": len(rows), "path": command.path}
        if len(rows) <= 1000:
            after["numbers"] = [row[0] for row in rows]
        return Outcome(data=rows, after=after)

    def erased(unit: Unit, command: ErasePerson, _actor: Actor) -> Outcome:
        need_reason(command.reason)
        person = find_person(unit.session, command.number)
        if person is None:
            raise Refused("not_found", f"no person {command.number!r}")
        if person.active or person.left_us is None:
            raise Refused("still_active", f"{command.number} has not left")
        result = erase(unit.session, private, policy, person, unit.now_us)
        return Outcome(data=result, after={"gone": list(result.gone), "kept": result.kept}, events=_said(unit))

    def purged(unit: Unit, _command: PurgePrivate, _actor: Actor) -> Outcome:
        more, after = purge(unit.session, private, policy, unit.now_us)
        return Outcome(data=more, after=after, events=_said(unit))

    return {
        RevealPrivate: reveal,
        ExportPrivate: export,
        ErasePerson: erased,
        PurgePrivate: purged,
    }


def _rotation(private: PrivateStore, read: Read) -> Handler:
    def forget_old() -> None:
        with read() as connection:
            private.forget_old(connection)

    def rotate(unit: Unit, command: RotateVaultKey, _actor: Actor) -> Outcome:
        need_reason(command.reason)
        old = private.keys[0]
        count = private.rotate(unit.session)
        unit.after_commit(forget_old)
        return Outcome(data=count, before={"key": old}, after={"key": private.keys[0], "values": count})

    return rotate


def _fields(names: tuple[str, ...]) -> list[PrivateField]:
    try:
        fields = [PrivateField(name) for name in dict.fromkeys(names)]
    except ValueError as error:
        raise Refused("invalid", str(error), field="fields") from None
    if not fields:
        raise Refused("invalid", "which fields?", field="fields")
    return fields


def _check_health(fields: list[PrivateField], actor: Actor, may: May) -> None:
    if any(field.health for field in fields) and not may("privacy.reveal_health", actor):
        raise Refused("forbidden", f"{actor.login} may not privacy.reveal_health")
