"""A station in memory for tests of the screens: a real bus, real rows, and a door that records and does what it says.

It implements ``app.ports.Station``. Orders on alarms change the rows and publish the same events as the engine would;
every order is kept in ``door.submitted``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from typing import Any

import msgspec
import numpy as np

from app.access.permissions import load_permissions
from app.access.rights import Book, Holder
from app.alarms.actors import Step
from app.alarms.report import Recorded, assemble
from app.alarms.rules import load_alarm_rules
from app.bus import Bus
from app.clock import US, ManualClock
from app.ports import (
    AlarmLimits,
    AlarmQuery,
    Answer,
    AuditRow,
    DeadLetterRow,
    Refused,
    ScenarioInfo,
    Statistics,
    TransitionRow,
    Trend,
)
from models import commands as c
from models.alarms import AlarmDefinition, AlarmRow, AlarmState, Condition, ConditionKind, Priority
from models.events import (
    AlarmsChanged,
    AlarmsResynchronised,
    EngineStats,
    LinkChanged,
    LinkState,
    RightsChanged,
    UsersChanged,
    ValuesChanged,
)
from models.login import LoginResult, TotpState
from models.people import Actor, Credential, UserInfo
from models.performance import AlarmPerformance
from models.readings import LiveValue, PlaceInfo, TagInfo, TagKind
from models.rights import ActionInfo, Explained, Grant, Role, RoleInfo, SignatureRule
from tests.ui.guard import ORDERS as GUARD_ORDERS
from tests.ui.guard import MemoryGuard
from tests.ui.organisation import ORDERS as PRIVACY_ORDERS
from tests.ui.organisation import MemoryOrganisation
from tests.ui.risk_board import ORDERS as RISK_ORDERS
from tests.ui.risk_board import MemoryRisk
from tests.ui.steps import ORDERS, MemoryDirectory, MemorySteps

NOW = 1_795_413_797 * US  # 2026-11-23 06:03:17 UTC


def done(result: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(result)
    return future


class Door:
    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.submitted: list[tuple[c.Command, Actor]] = []
        self.forbidden: set[str] = set()
        self.signed: list[tuple[Credential, ...]] = []

    def allowed(self, action: str, actor: Actor, zone: str | None = None) -> bool:
        if action in self.forbidden:
            return False
        if action.startswith(("user.create", "user.change")):
            return Role.ADMINISTRATOR in actor.roles
        if action == "alarm.out_of_service":
            return Role.OPERATOR not in actor.roles
        return True

    def submit(self, command: c.Command, actor: Actor, signatures: Sequence[Credential] = ()) -> Future[Answer]:
        self.submitted.append((command, actor))
        self.signed.append(tuple(signatures))
        if not self.allowed(command.action, actor):
            return done(Answer(code="forbidden"))
        return done(self._station.carry_out(command, actor))


class Rights:
    """The real book of rights over the people in memory."""

    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.pack = load_permissions()
        self.made = {
            code.value: RoleInfo(code=code, name="", name_en="", ready=True, actions=self.pack.actions(code))
            for code in Role
        }
        self.rules = {
            danger: SignatureRule(danger=danger, password=rule.password, second=rule.second)
            for danger, rule in self.pack.signatures.items()
        }

    def _book(self, reader: Actor) -> Book:
        infos = self._station.people.infos.values()
        holders = [Holder(i.id, i.login, i.name, i.active, i.grants) for i in infos]
        book = Book(self.pack, self.made, holders, self.rules, self._station.tags.places())
        if not book.allowed("rights.read", reader, None, self._station.now_us()):
            raise Refused("forbidden")
        return book

    def roles(self, reader: Actor) -> list[RoleInfo]:
        return list(self._book(reader).roles.values())

    def actions(self, reader: Actor) -> list[ActionInfo]:
        return self._book(reader).actions({"rights.role": ("rights.change",)})

    def signature_rules(self, reader: Actor) -> list[SignatureRule]:
        return list(self._book(reader).rules.values())

    def explain(self, reader: Actor, login: str, action: str = "", zone: str | None = None) -> list[Explained]:
        book, now_us = self._book(reader), self._station.now_us()
        user_id = self._station.people.infos[login].id
        return [book.explain(user_id, a, zone, now_us) for a in ([action] if action else sorted(self.pack.scopes))]

    def who(self, reader: Actor, action: str, zone: str | None = None) -> list[Explained]:
        return self._book(reader).who(action, zone, self._station.now_us())

    def carry_out(self, command: c.Command, actor: Actor) -> Answer:
        if isinstance(command, c.SetGrants):
            info = self._station.people.infos[command.login]
            self._station.people.infos[command.login] = msgspec.structs.replace(info, grants=command.grants)
        elif isinstance(command, c.SaveRole):
            self.made[command.code] = RoleInfo(
                code=command.code,
                name=command.name,
                name_en=command.name_en,
                ready=command.code in set(Role),
                actions=command.actions,
            )
        elif isinstance(command, c.RemoveRole):
            del self.made[command.code]
        elif isinstance(command, c.SaveSignatureRule):
            rule = SignatureRule(danger=command.danger, password=command.password, second=command.second)
            self.rules[command.danger] = rule
        self._station.bus.publish(RightsChanged(self._station.now_us()))
        return Answer()


class Tags:
    def __init__(self) -> None:
        self.tags: dict[int, TagInfo] = {}
        self.place_list: list[PlaceInfo] = []

    def all(self) -> Sequence[TagInfo]:
        return list(self.tags.values())

    def by_id(self, tag_id: int) -> TagInfo | None:
        return self.tags.get(tag_id)

    def by_name(self, name: str) -> TagInfo | None:
        return next((tag for tag in self.tags.values() if tag.name == name), None)

    def places(self) -> Sequence[PlaceInfo]:
        return self.place_list


class Live:
    def __init__(self) -> None:
        self.values: dict[int, LiveValue] = {}
        self.watched: set[int] = set()

    def get(self, tag_id: int) -> LiveValue | None:
        return self.values.get(tag_id)

    def snapshot(self) -> dict[int, LiveValue]:
        return dict(self.values)

    def watch(self, tag_ids: Iterable[int], watcher: object = None) -> None:
        self.watched = set(tag_ids)


class History:
    """Two hours of believable samples for every tag, one a second, made from its number."""

    def __init__(self, station: MemoryStation) -> None:
        self._station = station

    def samples(self, tag_id: int, start_us: int, end_us: int, limit: int = 1_000_000) -> Trend:
        first = max(start_us, self._station.clock.now_us() - 7200 * US) // US
        seconds = np.arange(first, min(end_us, self._station.clock.now_us()) // US, dtype=np.int64)[:limit]
        live = self._station.live.get(tag_id)
        base = float(live.value) if live is not None and isinstance(live.value, float) else 0.0
        wave = np.sin(seconds / (90.0 + tag_id)) + 0.3 * np.sin(seconds * 1.7 + tag_id)
        values = base * (0.9 + 0.03 * wave)
        return Trend(seconds * US, values, values, values, np.ones(len(seconds), np.int64), 0.0)

    def trend(self, tag_id: int, start_us: int, end_us: int, width_px: int) -> Trend:
        raw = self.samples(tag_id, start_us, end_us)
        step = max(1, len(raw.t_us) // max(1, width_px))
        if step == 1:
            return raw
        n = len(raw.t_us) // step * step
        cut = raw.mean[:n].reshape(-1, step)
        count = np.full(n // step, step, np.int64)
        return Trend(raw.t_us[:n:step], cut.min(axis=1), cut.max(axis=1), cut.mean(axis=1), count, float(step))

    def statistics(self, tag_id: int, start_us: int, end_us: int) -> Statistics:
        raw = self.samples(tag_id, start_us, end_us)
        v = raw.mean
        if not len(v):
            return Statistics(0, 0, None, None, None, None, None, None, None, None)
        low, high = int(v.argmin()), int(v.argmax())
        times = raw.t_us
        figures = (float(v.min()), float(v.max()), float(v.mean()), float(v.std()), float(v[0]), float(v[-1]))
        return Statistics(len(v), 0, *figures, int(times[low]), int(times[high]))


class Alarms:
    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.rows: dict[int, AlarmRow] = {}
        self.definitions: dict[str, AlarmDefinition] = {}
        self.journals: dict[int, list[TransitionRow]] = {}
        self.queries: list[AlarmQuery] = []
        self.broken = False
        self.recorded_since_us = NOW - 400 * 86_400 * US

    def limits(self) -> AlarmLimits:
        rules = load_alarm_rules()
        return AlarmLimits(
            shelve_max_s={p: rules.shelve.longest_s(p) for p in Priority if p},
            mute_max_s=rules.mute.max_s,
            repeat_s={p: rules.sound.repeat_s[p.word] for p in Priority if p},
        )

    def open(self) -> list[AlarmRow]:
        return [row for row in self.rows.values() if row.active]

    def query(self, query: AlarmQuery) -> tuple[list[AlarmRow], int]:
        self.queries.append(query)
        if self.broken:
            raise OSError("store is away")
        found = sorted(self.rows.values(), key=lambda row: -row.raised_us)
        found = [
            row
            for row in found
            if (query.start_us is None or row.raised_us >= query.start_us)
            and (query.end_us is None or row.raised_us < query.end_us)
            and (not query.states or row.state in query.states)
            and (not query.priorities or row.priority in query.priorities)
            and (not query.areas or row.area in query.areas)
            and (not query.tags or row.tag in query.tags)
            and (not query.only_open or row.active)
            and query.text.lower() in f"{row.tag} {row.text} {row.text_en} {row.comment}".lower()
        ]
        return found[query.offset : query.offset + query.limit], len(found)

    def definition(self, key: str) -> AlarmDefinition | None:
        return self.definitions.get(key)

    def definitions_of(self, tag_id: int) -> list[AlarmDefinition]:
        tag = self._station.tags.by_id(tag_id)
        return [d for d in self.definitions.values() if tag is not None and d.tag == tag.name]

    def report(self, start_us: int, end_us: int, areas: Sequence[str] = ()) -> AlarmPerformance:
        if self.broken:
            raise OSError("store is away")
        recorded = Recorded(since_us=self.recorded_since_us)
        rows = [row for row in self.rows.values() if start_us <= row.raised_us < end_us]
        for row in sorted(rows, key=lambda row: row.raised_us):
            if not areas or row.area in areas:
                recorded.steps.setdefault(row.key, []).append(Step(row.raised_us, True, row.priority))
        recorded.definitions = dict(self.definitions)
        return assemble(recorded, None, start_us, end_us, load_alarm_rules())

    def journal(self, occurrence_id: int) -> list[TransitionRow]:
        return self.journals.get(occurrence_id, [])


class People:
    """Passwords are kept in clear here: nothing but a test ever sees them."""

    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.passwords: dict[str, str] = {}
        self.infos: dict[str, UserInfo] = {}
        self.answers: dict[str, LoginResult] = {}  # what a login gets whatever it types
        self.asked: list[tuple[str, str]] = []
        self.steps = MemorySteps(station)

    def log_in(self, login: str, password: str, code: str = "") -> Future[LoginResult]:
        return done(self._log_in(login, password, code))

    def _log_in(self, login: str, password: str, code: str) -> LoginResult:
        self.asked.append((login, code))
        if login in self.answers:
            return self.answers[login]
        info = self.infos.get(login)
        if info is None or self.passwords[login] != password:
            return LoginResult(code="wrong")
        if not info.active:
            return LoginResult(code="inactive")
        if info.locked_until_us is not None and info.locked_until_us > self._station.now_us():
            return LoginResult(code="locked", locked_until_us=info.locked_until_us)
        if info.must_change:
            return LoginResult(code="must_change")
        return self.steps.pass_second(login, code)

    def set_first_password(
        self, login: str, old_password: str, new_password: str, code: str = ""
    ) -> Future[LoginResult]:
        if self.passwords.get(login) != old_password:
            return done(LoginResult(code="wrong"))
        passed = self.steps.pass_second(login, code)
        if passed.code != "done":
            return done(passed)
        self.passwords[login] = new_password
        self.infos[login] = msgspec.structs.replace(self.infos[login], must_change=False)
        return done(passed)

    def second_step(self, actor: Actor) -> TotpState:
        return self.steps.state(actor.login)

    def users(self) -> list[UserInfo]:
        return list(self.infos.values())

    def weakness(self, password: str, login: str = "") -> str | None:
        if len(password) < 10:
            return "too_short"
        return "contains_login" if login and login.lower() in password.lower() else None


class TrailLog:
    def __init__(self, station: MemoryStation) -> None:
        self._station = station
        self.rows: list[AuditRow] = []
        self.asked: list[dict[str, Any]] = []

    def entries(
        self,
        reader: Actor,
        *,
        outcome: str = "",
        login: str = "",
        action: str = "",
        text: str = "",
        start_us: int | None = None,
        end_us: int | None = None,
        last_id: int | None = None,
        offset: int = 0,
        limit: int = 500,
    ) -> tuple[list[AuditRow], int]:
        self.asked.append(
            {"login": login, "outcome": outcome, "action": action, "start_us": start_us, "end_us": end_us}
        )
        if not self._station.door.allowed("audit.read", reader):
            raise Refused("forbidden")
        found = [
            row
            for row in sorted(self.rows, key=lambda row: -row.id)
            if (not login or row.login == login)
            and (not outcome or row.outcome == outcome)
            and (last_id is None or row.id <= last_id)
            and (not action or row.action.startswith(action))
            and (start_us is None or row.t_us >= start_us)
            and (end_us is None or row.t_us < end_us)
            and text.lower() in f"{row.target} {row.reason} {row.name}".lower()
        ]
        return found[offset : offset + limit], len(found)


class Letters:
    def __init__(self) -> None:
        self.rows: list[DeadLetterRow] = []
        self.payloads: dict[int, bytes] = {}

    def payload(self, letter_id: int) -> bytes | None:
        return self.payloads.get(letter_id)

    def page(
        self, *, reason: str = "", text: str = "", state: str = "open", offset: int = 0, limit: int = 500
    ) -> tuple[list[DeadLetterRow], int]:
        found = [
            row
            for row in sorted(self.rows, key=lambda row: -row.id)
            if (not reason or row.reason == reason)
            and (not state or row.state == state)
            and text.lower() in f"{row.topic} {row.preview} {row.detail}".lower()
        ]
        return found[offset : offset + limit], len(found)

    def counts(self) -> dict[str, int]:
        result: dict[str, int] = {}
        for row in self.rows:
            if row.state == "open":
                result[row.reason] = result.get(row.reason, 0) + 1
        return result


class MemoryStation:
    """Everything the window gets, in memory."""

    def __init__(self) -> None:
        self.name, self.site, self.demo = "CR-01", "南港化工", False
        self.clock = ManualClock(NOW)
        self.bus = Bus()
        self.door = Door(self)
        self.tags = Tags()
        self.live = Live()
        self.history = History(self)
        self.alarms = Alarms(self)
        self.rights = Rights(self)
        self.people = People(self)
        self.directory = MemoryDirectory(self.now_us)
        self.organisation = MemoryOrganisation()
        self.risk = MemoryRisk(self.now_us, self.bus.publish)
        self.trail = TrailLog(self)
        self.guard = MemoryGuard(self)
        self.dead_letters = Letters()
        self.link_states = [LinkChanged("plant", LinkState.UP, NOW - 3600 * US)]
        self.engine = EngineStats(NOW, 3210.0, 3400.0, 12.0, 3, 2, 5, 8.0)
        self.store = True
        self._next = 1

    def now_us(self) -> int:
        return self.clock.now_us()

    def links(self) -> list[LinkChanged]:
        return list(self.link_states)

    def stats(self) -> EngineStats | None:
        return self.engine

    def store_ok(self) -> bool:
        return self.store

    def scenarios(self) -> list[ScenarioInfo]:
        return []

    # -- filling it

    def actor(self, login: str) -> Actor:
        info = self.people.infos[login]
        return Actor(user_id=info.id, login=login, name=info.name, roles=info.roles, station=self.name, session_id=1)

    def add_user(self, login: str, name: str, role: Role, password: str = "correct horse", **more: Any) -> UserInfo:
        fields = {"active": True, "must_change": False, "locked_until_us": None, **more}
        info = UserInfo(
            id=self.people.infos[login].id if login in self.people.infos else len(self.people.infos) + 1,
            login=login,
            name=name,
            grants=(Grant(role=role),),
            created_us=NOW - 86_400 * US,
            **fields,
        )
        self.people.infos[login] = info
        self.people.passwords[login] = password
        return info

    def add_tag(self, name: str, value: float | str | None = 1.0, quality: int = 192, **fields: Any) -> TagInfo:
        kind = TagKind.TEXT if isinstance(value, str) else TagKind.ANALOG
        tag = TagInfo(id=len(self.tags.tags) + 1, name=name, **{"kind": kind, **fields})
        self.tags.tags[tag.id] = tag
        self.live.values[tag.id] = LiveValue(tag.id, self.now_us() - US, value, quality, self.now_us())
        return tag

    def define(self, tag: TagInfo, kind: ConditionKind, limit: float, priority: Priority, **more: Any) -> str:
        key = f"{tag.name}.{kind}"
        condition = Condition(kind=kind, limit=limit, priority=priority)
        self.alarms.definitions[key] = AlarmDefinition(key=key, tag=tag.name, conditions=(condition,), **more)
        return key

    def make_row(self, tag: TagInfo, *, ago_s: float = 60, **fields: Any) -> AlarmRow:
        number, self._next = self._next, self._next + 1
        kind = fields.pop("kind", ConditionKind.H)
        base: dict[str, Any] = {
            "occurrence_id": number,
            "definition_id": number,
            "key": f"{tag.name}.{kind}",
            "tag_id": tag.id,
            "tag": tag.name,
            "area": tag.area,
            "area_name": tag.area_name,
            "area_name_en": tag.area_name_en,
            "text": "报警",
            "text_en": "Alarm",
            "state": AlarmState.UNACK,
            "priority": Priority.HIGH,
            "severity": Priority.HIGH,
            "kind": kind,
            "raised_us": self.now_us() - round(ago_s * US),
            "value": 1.0,
            "limit": 1.0,
            "unit": tag.unit,
            "decimals": tag.decimals,
        }
        return AlarmRow(**{**base, **fields})

    def raise_alarm(self, row: AlarmRow, *, sound: bool = True) -> AlarmRow:
        """Put a row in and say so on the bus."""
        self.change(row, sound=(row.occurrence_id,) if sound else ())
        return row

    def change(self, *rows: AlarmRow, sound: tuple[int, ...] = ()) -> None:
        for row in rows:
            self.alarms.rows[row.occurrence_id] = row
        self.bus.publish(AlarmsChanged(rows, sound))

    def resynchronise(self, why: str = "link") -> None:
        self.bus.publish(AlarmsResynchronised(self.now_us(), why))

    def speak(self, tag_id: int, value: float | str | None, quality: int = 192) -> None:
        live = LiveValue(tag_id, self.now_us(), value, quality, self.now_us())
        self.live.values[tag_id] = live
        self.bus.publish(ValuesChanged({tag_id: live}))

    # -- what the engine would do

    def carry_out(self, command: c.Command, actor: Actor) -> Answer:
        now, replace = self.now_us(), msgspec.structs.replace
        if isinstance(command, c.SetGrants | c.SaveRole | c.RemoveRole | c.SaveSignatureRule):
            return self.rights.carry_out(command, actor)
        if isinstance(command, ORDERS):
            return self.people.steps.carry_out(command, actor)
        if isinstance(command, GUARD_ORDERS):
            return self.guard.carry_out(command, actor)
        if isinstance(command, PRIVACY_ORDERS):
            return self.organisation.carry_out(command)
        if isinstance(command, RISK_ORDERS):
            return self.risk.carry_out(command, actor)
        if isinstance(command, c.CreateUser):
            if command.login in self.people.infos:
                return Answer(code="conflict", params={"field": "login"})
            self.add_user(command.login, command.name, Role(command.grants[0].role), command.password, must_change=True)
            self.bus.publish(UsersChanged(now))
        elif isinstance(command, c.ChangeUser):
            info = self.people.infos[command.login]
            fields = {"name": command.name, "active": command.active}
            given = {key: value for key, value in fields.items() if value is not None}
            if command.unlock:
                given["locked_until_us"] = None
            if command.new_password is not None:
                self.people.passwords[command.login] = command.new_password
                given["must_change"] = True
            self.people.infos[command.login] = replace(info, **given)
            self.bus.publish(UsersChanged(now))
        elif isinstance(command, c.TakeOutOfService | c.ReturnToService):
            state = AlarmState.OOSRV if isinstance(command, c.TakeOutOfService) else AlarmState.UNACK
            rows = [row for row in self.alarms.open() if row.key == command.alarm_key]
            self.change(*(replace(r, state=state, held_by=actor.name, held_reason=command.reason) for r in rows))
        elif hasattr(command, "occurrence_ids"):
            rows = [self.alarms.rows[i] for i in command.occurrence_ids if i in self.alarms.rows]
            if len(rows) != len(command.occurrence_ids):
                return Answer(code="not_found")
            self.change(*(self._moved(row, command, actor) for row in rows))
        return Answer()

    def _moved(self, row: AlarmRow, command: c.Command, actor: Actor) -> AlarmRow:
        now, replace = self.now_us(), msgspec.structs.replace
        match command:
            case c.AcknowledgeAlarms():
                seen = {"acked_us": now, "acked_by": actor.name, "acked_station": actor.station}
                if row.state is AlarmState.RTNUN:
                    seen["closed_us"] = now
                state = {AlarmState.UNACK: AlarmState.ACKED, AlarmState.LATCH_UNACK: AlarmState.LATCH_ACKED}
                after = AlarmState.NORM if row.state is AlarmState.RTNUN else state.get(row.state, row.state)
                return replace(row, state=after, comment=command.reason or row.comment, **seen)
            case c.UnacknowledgeAlarms():
                return replace(row, state=AlarmState.UNACK, acked_us=None, acked_by="", acked_station="")
            case c.ResetAlarms():
                return replace(row, state=AlarmState.NORM, closed_us=now)
            case c.ShelveAlarms():
                until = now + round(command.for_s * US)
                held = {"held_by": actor.name, "held_reason": command.reason, "held_until_us": until}
                return replace(row, state=AlarmState.SHLVD, **held)
            case c.UnshelveAlarms():
                return replace(row, state=AlarmState.UNACK, held_by="", held_reason="", held_until_us=None)
        return row
