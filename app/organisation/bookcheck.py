"""The dry run of a workbook: every bad cell at once, what would be new, changed or the same, and the order to give.

References are looked up in the store and in the workbook together, so that a whole new organisation comes in one file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from app.masking import mask
from app.organisation import checks
from app.organisation.cells import Finder, Line, Rows
from app.organisation.sheets import PRIVATE_COLUMNS, SHEETS, WORDS, Sheet
from models.organisation import GroupRole, PersonKind, PostRank, today_us
from models.organisation_commands import (
    DepartmentDraft,
    DutyDraft,
    ImportCheck,
    MemberDraft,
    OrganisationDraft,
    PersonDraft,
    PostDraft,
    ResponsibilityDraft,
    SheetCount,
)
from models.privacy import PrivateField, PrivateValues
from models.readings import PlaceKind


class Present(msgspec.Struct, frozen=True, kw_only=True):
    """What there is before an import: everything as drafts (private values in clear), places, accounts and whose they are."""

    draft: OrganisationDraft
    places: frozenset[str]
    accounts: dict[str, str]  # login in lower case → number of the person, '' for nobody's


def check_book(
    tables: Mapping[str, Rows],
    present: Present,
    now_us: int,
    *,
    source: str = "",
    may_write: Callable[[PrivateField], bool] = lambda _field: True,
) -> ImportCheck:
    """Check a workbook (tab → rows, the first row holding titles) against what there is."""
    return _Check(present, now_us, may_write).run(tables, source)


class _Check:
    def __init__(self, present: Present, now_us: int, may_write: Callable[[PrivateField], bool]) -> None:
        self._present, self._today, self._may_write = present, today_us(now_us), may_write
        self._find = Finder()
        draft = present.draft
        self._old: dict[str, dict[Any, Any]] = {
            "departments": {d.code: d for d in draft.departments},
            "posts": {p.code: p for p in draft.posts},
            "people": {p.number: p for p in draft.people},
            "leading_group": {(m.number, m.role): m for m in draft.members},
            "duties": {d.code: d for d in draft.duties},
            "responsibilities": {(r.place, r.post, r.duty): r for r in draft.responsibilities},
        }
        self._all: dict[str, dict[Any, Any]] = {name: dict(rows) for name, rows in self._old.items()}
        self._accounts = dict(present.accounts)
        self._lines: dict[str, dict[Any, Line]] = {sheet.name: {} for sheet in SHEETS}

    def run(self, tables: Mapping[str, Rows], source: str) -> ImportCheck:
        readers: dict[str, Callable[[Line], Any]] = {
            "departments": self._department,
            "posts": self._post,
            "people": self._person,
            "leading_group": self._member,
            "duties": self._duty,
            "responsibilities": self._responsibility,
        }
        found = self._find.sheets(tables)
        for sheet in SHEETS:
            if sheet.name in found:
                self._sheet(found[sheet.name][0], found[sheet.name][1], readers[sheet.name])
                {"departments": self._parents, "people": self._hosts}.get(sheet.name, lambda: None)()
        return ImportCheck(
            source=source,
            problems=tuple(self._find.problems),
            counts=tuple(self._count(sheet) for sheet in SHEETS if sheet.name in found),
            draft=self._draft() if not self._find.problems else OrganisationDraft(),
        )

    def _sheet(self, sheet: Sheet, rows: Rows, read: Callable[[Line], Any]) -> None:
        first = True
        for line in self._find.lines(sheet, rows):
            if first and sheet.name == "people":
                self._rights(line)
            first = False
            read(line)

    def _rights(self, line: Line) -> None:
        for column, field in PRIVATE_COLUMNS.items():
            if line.has(column) and not self._may_write(field):
                at = line.address(column).rstrip("0123456789")
                self._find.problems.append(self._no_right(line, column, at))

    def _no_right(self, line: Line, column: str, letters: str) -> Any:
        self._find.say(line, column, "no_right", "")
        return msgspec.structs.replace(self._find.problems.pop(), cell=f"{letters}1")

    def _keep(self, line: Line, key: Any, draft: Any) -> None:
        """Remember a row, unless it says again what another has said."""
        name = line.sheet.name
        if key in self._lines[name]:
            self._find.say(line, line.sheet.keys[0], "twice")
            return
        self._lines[name][key] = line
        self._all[name][key] = draft

    # -- sheets

    def _department(self, line: Line) -> None:
        code = self._find.key(line, "code")
        old = self._old["departments"].get(code) or DepartmentDraft(code=code, name="")
        draft = DepartmentDraft(
            code=code,
            name=self._find.name(line, "name", old.name, needed=True),
            name_en=self._find.name(line, "name_en", old.name_en, needed=False),
            parent=line.text("parent") if line.has("parent") else old.parent,
            position=self._find.whole(line, "position", old.position),
        )
        if code:
            self._keep(line, code, draft)

    def _parents(self) -> None:
        departments = self._all["departments"]
        for code, line in self._lines["departments"].items():
            parent, seen = departments[code].parent, {code}
            if parent and parent not in departments:
                self._find.say(line, "parent", "unknown_department")
                continue
            while parent in departments:
                if parent in seen:
                    self._find.say(line, "parent", "ring")
                    break
                seen.add(parent)
                parent = departments[parent].parent

    def _post(self, line: Line) -> None:
        code = self._find.key(line, "code")
        old = self._old["posts"].get(code) or PostDraft(code=code, name="", department="")
        draft = PostDraft(
            code=code,
            name=self._find.name(line, "name", old.name, needed=True),
            name_en=self._find.name(line, "name_en", old.name_en, needed=False),
            department=self._find.reference(
                line, "department", old.department, self._all["departments"], "unknown_department"
            ),
            rank=PostRank(self._find.word(line, "rank", old.rank)),
            leads=self._find.word(line, "leads", old.leads, "yes"),
        )
        if not draft.department:
            self._find.say(line, "department", "missing")
        if code:
            self._keep(line, code, draft)

    def _person(self, line: Line) -> None:
        find = self._find
        number = find.key(line, "number")
        old: PersonDraft = self._old["people"].get(number) or PersonDraft(number=number)
        department = find.reference(line, "department", old.department, self._all["departments"], "unknown_department")
        post = find.reference(line, "post", old.post, self._all["posts"], "unknown_post")
        of_post = self._all["posts"][post].department if post in self._all["posts"] else ""
        if post and of_post and not line.text("department"):
            department = of_post
        elif post and of_post and department in self._all["departments"] and department != of_post:
            find.say(line, "post" if line.has("post") else "department", "post_elsewhere")
        draft = PersonDraft(
            number=number,
            kind=PersonKind(find.word(line, "kind", old.kind)),
            department=department,
            post=post,
            company=find.name(line, "company", old.company, needed=False),
            host=line.text("host") if line.has("host") else old.host,
            joined_us=find.day(line, "joined", old.joined_us),
            left_us=find.day(line, "left", old.left_us),
            login=self._login(line, number, old.login),
            private=PrivateValues(self._private(line, old.private.values, new=number not in self._old["people"])),
        )
        if draft.joined_us is not None and draft.left_us is not None and draft.left_us < draft.joined_us:
            find.say(line, "left", "before_joined")
        if number:
            self._keep(line, number, draft)

    def _login(self, line: Line, number: str, old: str) -> str:
        if not line.has("login") or not line.text("login"):
            return "" if line.has("login") else old
        login = line.text("login")
        holder = self._accounts.get(login.lower())
        if holder is None:
            self._find.say(line, "login", "unknown_login")
        elif holder not in ("", number):
            self._find.say(line, "login", "login_taken")
        else:
            self._accounts[login.lower()] = number
        return login

    def _private(self, line: Line, old: Mapping[str, str], *, new: bool) -> dict[str, str]:
        """Only what changes; a mask that fits what is there changes nothing."""
        fresh: dict[str, str] = {}
        for column, field in PRIVATE_COLUMNS.items():
            text = line.text(column)
            if column == "name" and new and not text:
                self._find.say(line, column, "missing")
            if not text or text == old.get(column, "") or (column in old and text == mask(column, old[column])):
                continue
            wrong = "masked" if "*" in text else checks.wrong_private(field, text)
            if wrong is not None:
                self._find.say(line, column, wrong)
            else:
                fresh[column] = text
        return fresh

    def _hosts(self) -> None:
        people: dict[str, PersonDraft] = self._all["people"]
        for number, line in self._lines["people"].items():
            draft = people[number]
            host = people.get(draft.host)
            if draft.host and host is None:
                self._find.say(line, "host", "unknown_person")
            elif host is not None and (
                draft.kind is PersonKind.EMPLOYEE or host.kind is not PersonKind.EMPLOYEE or not self._active(host)
            ):
                self._find.say(line, "host", "host")

    def _active(self, person: PersonDraft) -> bool:
        return person.left_us is None or person.left_us > self._today

    def _member(self, line: Line) -> None:
        number = self._find.key(line, "number")
        if not line.text("role"):
            self._find.say(line, "role", "missing")
        role = GroupRole(self._find.word(line, "role", GroupRole.MEMBER))
        old = self._old["leading_group"].get((number, role))
        base = old or MemberDraft(number=number, role=role)
        draft = MemberDraft(
            number=number,
            role=role,
            duties=self._find.name(line, "duties", base.duties, needed=False, most=2000, lines=True),
            from_us=self._find.day(line, "from", base.from_us),
            until_us=self._find.day(line, "until", base.until_us),
        )
        if draft.from_us is not None and draft.until_us is not None and draft.until_us <= draft.from_us:
            self._find.say(line, "until", "until_before_from")
        if number and number not in self._all["people"]:
            self._find.say(line, "number", "unknown_person")
        elif number and old is None and not self._active(self._all["people"][number]):
            self._find.say(line, "number", "left")
        if number:
            self._keep(line, (number, role), draft)

    def _duty(self, line: Line) -> None:
        code = self._find.key(line, "code")
        old = self._old["duties"].get(code) or DutyDraft(code=code, name="")
        draft = DutyDraft(
            code=code,
            name=self._find.name(line, "name", old.name, needed=True, most=200),
            name_en=self._find.name(line, "name_en", old.name_en, needed=False, most=200),
            category=self._find.name(line, "category", old.category, needed=False, most=60),
            needed_on=self._needed_on(line, old.needed_on),
        )
        if code:
            self._keep(line, code, draft)

    def _needed_on(self, line: Line, old: tuple[str, ...]) -> tuple[str, ...]:
        if not line.has("needed_on"):
            return old
        kinds = {kind.value for kind in PlaceKind}
        wanted = [part.strip() for part in _split(line.text("needed_on")) if part.strip()]
        wanted = [WORDS["place_kind"].get(part, part) for part in wanted]
        for part in wanted:
            if part not in kinds and part not in self._present.places:
                self._find.say(line, "needed_on", "unknown_place", part)
        return tuple(dict.fromkeys(wanted))

    def _responsibility(self, line: Line) -> None:
        find = self._find
        keys = tuple(find.key(line, column) for column in ("place", "post", "duty"))
        place, post, duty = keys
        known = (
            ("place", place, self._present.places, "unknown_place"),
            ("post", post, self._all["posts"], "unknown_post"),
        )
        for column, code, there, problem in (*known, ("duty", duty, self._all["duties"], "unknown_duty")):
            if code and code not in there:
                find.say(line, column, problem)
        old = self._old["responsibilities"].get(keys)
        base = old or ResponsibilityDraft(place=place, post=post, duty=duty)
        person = find.reference(line, "person", base.person, self._all["people"], "unknown_person")
        holder: PersonDraft | None = self._all["people"].get(person)
        if holder is not None and (holder.post != post or not self._active(holder)) and post in self._all["posts"]:
            find.say(line, "person", "not_holder")
        main = True if line.has("main") and not line.text("main") else find.word(line, "main", base.main, "yes")
        if all(keys):
            draft = ResponsibilityDraft(place=place, post=post, duty=duty, person=person, main=main)
            self._keep(line, keys, draft)

    # -- outcome

    def _changed(self, name: str) -> list[Any]:
        return [self._all[name][key] for key in self._lines[name] if not self._same(name, key)]

    def _same(self, name: str, key: Any) -> bool:
        old, new = self._old[name].get(key), self._all[name][key]
        if name != "people" or old is None:
            return bool(old == new)
        return not new.private.values and msgspec.structs.replace(old, private=PrivateValues()) == new

    def _count(self, sheet: Sheet) -> SheetCount:
        keys = list(self._lines[sheet.name])
        new = sum(1 for key in keys if key not in self._old[sheet.name])
        same = sum(1 for key in keys if self._same(sheet.name, key))
        return SheetCount(sheet=sheet.title, new=new, changed=len(keys) - new - same, same=same)

    def _draft(self) -> OrganisationDraft:
        return OrganisationDraft(
            departments=tuple(self._parents_first(self._changed("departments"))),
            posts=tuple(self._changed("posts")),
            people=tuple(sorted(self._changed("people"), key=lambda p: p.kind is not PersonKind.EMPLOYEE)),
            members=tuple(self._changed("leading_group")),
            duties=tuple(self._changed("duties")),
            responsibilities=tuple(self._changed("responsibilities")),
        )

    def _parents_first(self, drafts: Iterable[DepartmentDraft]) -> list[DepartmentDraft]:
        departments: dict[str, DepartmentDraft] = self._all["departments"]

        def depth(draft: DepartmentDraft) -> int:
            count, above = 0, draft.parent
            while above in departments:
                count, above = count + 1, departments[above].parent
            return count

        return sorted(drafts, key=depth)


def _split(text: str) -> list[str]:
    for mark in "，、；;|\n":
        text = text.replace(mark, ",")
    return text.split(",")
