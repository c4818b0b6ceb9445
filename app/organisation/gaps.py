"""What is missing: across the places (横向到边), down the posts (纵向到底), and about people. Pure, on a snapshot.

A duty that areas need must be somebody's in each area by name of the area: a line for the whole plant does not cover it,
or everything would be covered by one line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from app.organisation.snapshot import Snapshot
from models.organisation import Gap, GapCode, GapSide, GroupRole, PersonKind, today_us

Named = Callable[[Any], str]


def needed(snap: Snapshot) -> Iterator[tuple[Any, Any]]:
    """(place, duty) that a duty asks for."""
    for duty in snap.duties.values():
        wanted = set(duty.needed_on)
        for place in snap.places.values():
            if place.code in wanted or place.kind in wanted:
                yield place, duty


def find_gaps(snap: Snapshot, name_of: Named, now_us: int) -> list[Gap]:
    """Every gap; ``name_of`` shows a person as the reader may see them."""
    today = today_us(now_us)
    return [*_across(snap), *_down(snap, name_of, today), *_people(snap, name_of)]


def seated(member: Any, today: int) -> bool:
    """Does this seat count today?"""
    return (member.from_us is None or member.from_us <= today) and (member.until_us is None or member.until_us > today)


def holders_of(snap: Snapshot, cell: Any) -> list[Any]:
    """Who does it: the person named, if they still hold the post, or the active holders of the post."""
    holders = snap.holders(cell.post_id)
    return holders if cell.person_id is None else [person for person in holders if person.id == cell.person_id]


def _across(snap: Snapshot) -> Iterator[Gap]:
    cells: dict[tuple[int, int], list[Any]] = {}
    for cell in snap.cells:
        cells.setdefault((cell.place_id, cell.duty_id), []).append(cell)
    side = GapSide.ACROSS
    asked = {(place.id, duty.id) for place, duty in needed(snap)}
    for place, duty in needed(snap):
        if (place.id, duty.id) not in cells:
            yield Gap(
                code=GapCode.PLACE_WITHOUT_DUTY, side=side, place=place.code, duty=duty.code,
                name=place.name, name_en=place.name_en,
            )  # fmt: skip
    for (place_id, duty_id), some in cells.items():
        place, duty = snap.places[place_id], snap.duties[duty_id]
        names = {"name": place.name, "name_en": place.name_en}
        if (place_id, duty_id) in asked and not any(cell.main for cell in some):
            yield Gap(code=GapCode.DUTY_WITHOUT_MAIN, side=side, place=place.code, duty=duty.code, **names)
        for cell in some:
            if holders_of(snap, cell):
                continue
            post = snap.posts[cell.post_id]
            named = snap.people.get(cell.person_id)
            yield Gap(
                code=GapCode.RESPONSIBLE_LEFT if named is not None else GapCode.DUTY_WITHOUT_PERSON,
                side=side, place=place.code, duty=duty.code, post=post.code,
                person=named.number if named is not None else "", **names,
            )  # fmt: skip


def _down(snap: Snapshot, name_of: Named, today: int) -> Iterator[Gap]:
    side = GapSide.DOWN
    with_duty = {cell.post_id for cell in snap.cells}
    for post in snap.posts.values():
        names = {"name": post.name, "name_en": post.name_en}
        if post.id not in with_duty:
            yield Gap(code=GapCode.POST_WITHOUT_DUTY, side=side, post=post.code, **names)
        if not snap.holders(post.id):
            yield Gap(code=GapCode.POST_WITHOUT_PERSON, side=side, post=post.code, **names)
    seats = [member for member in snap.members if seated(member, today)]
    for member in seats:
        person = snap.people[member.person_id]
        if not person.active:
            yield Gap(code=GapCode.MEMBER_LEFT, side=side, person=person.number, name=name_of(person))
        elif not member.duties.strip():
            yield Gap(code=GapCode.MEMBER_WITHOUT_DUTY, side=side, person=person.number, name=name_of(person))
    if not any(seat.role == GroupRole.LEADER and snap.people[seat.person_id].active for seat in seats):
        yield Gap(code=GapCode.GROUP_WITHOUT_LEADER, side=side)


def _people(snap: Snapshot, name_of: Named) -> Iterator[Gap]:
    side = GapSide.PEOPLE
    heads = {post.department_id for post in snap.posts.values() if post.leads and snap.holders(post.id)}
    for department in snap.departments.values():
        if department.id not in heads:
            yield Gap(
                code=GapCode.DEPARTMENT_WITHOUT_HEAD, side=side, department=department.code,
                name=department.name, name_en=department.name_en,
            )  # fmt: skip
    for person in snap.people.values():
        user = snap.users.get(person.user_id)
        if person.active and person.post_id is None and person.kind != PersonKind.VISITOR:
            yield Gap(code=GapCode.PERSON_WITHOUT_POST, side=side, person=person.number, name=name_of(person))
        if not person.active and user is not None and user.active:
            yield Gap(code=GapCode.LEFT_WITH_ACCOUNT, side=side, person=person.number, name=name_of(person))
