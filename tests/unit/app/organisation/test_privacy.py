"""Revealing, exporting, erasing, keeping and re-encrypting private data: audited, by the policy, and never half done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from app.access.keys import KeyStore
from app.access.vault import Vault
from app.organisation.policy import DAY_US, PolicyError, load_policy
from app.organisation.private import PrivateStore
from app.organisation.retention import PEOPLE_A_STEP, PrivacyKeeper
from app.paths import resource_path
from app.ports import Refused
from models.organisation import PersonKind, today_us
from models.organisation_commands import (
    ErasePerson,
    ExportPrivate,
    PersonLeft,
    PurgePrivate,
    RevealPrivate,
    RotateVaultKey,
)
from models.privacy import PrivateField
from tests.unit.app.organisation.conftest import NOON, SECRETS, Plant

TODAY = today_us(NOON)


def values(plant: Plant, number: str = "E1") -> dict[str, str | None]:
    with plant.store.read() as connection:
        (person_id,) = next(iter(plant.rows("SELECT id FROM person WHERE number = :n", n=number)))
        return {field.value: value for field, (value, _) in plant.private.of_person(connection, person_id).items()}


# -- reveal and export


def test_a_reveal_asks_a_reason_and_leaves_the_fields_but_no_values(plant: Plant) -> None:
    plant.small()
    assert plant.order(RevealPrivate(number="E1", fields=("phone",), reason=" ")).code == "reason_needed"
    data = plant.do(RevealPrivate(number="E1", fields=("phone", "allergies", "mail"), reason="家属联系"))
    assert data == {"phone": SECRETS["phone"], "allergies": SECRETS["allergies"], "mail": ""}
    (row,), _ = plant.trail.entries(plant.me, action="privacy.reveal", outcome="done")
    assert (row.target, row.reason, row.after) == ("person:E1", "家属联系", {"fields": ["phone", "allergies", "mail"]})
    assert SECRETS["phone"] not in plant.everything_stored()


def test_health_needs_a_right_of_its_own(quick: Plant) -> None:
    quick.small()
    quick.rights.refused |= {("chen", "privacy.reveal_health")}
    assert quick.do(RevealPrivate(number="E1", fields=("phone",), reason="x"))
    assert quick.order(RevealPrivate(number="E1", fields=("phone", "allergies"), reason="x")).code == "forbidden"
    assert quick.order(ExportPrivate(fields=("blood_type",), path="x", reason="x")).code == "forbidden"


@pytest.mark.parametrize(
    ("number", "fields", "code"), [("NO", ("phone",), "not_found"), ("E1", ("x",), "invalid"), ("E1", (), "invalid")]
)
def test_what_is_not_there_is_not_revealed(quick: Plant, number: str, fields: tuple[str, ...], code: str) -> None:
    quick.small()
    assert quick.order(RevealPrivate(number=number, fields=fields, reason="x")).code == code


def test_an_export_gives_rows_and_its_trace_tells_whose_and_where_to(plant: Plant) -> None:
    plant.small()
    rows = plant.do(ExportPrivate(fields=("name", "phone"), path="/tmp/x.xlsx", reason="年度核对"))
    assert rows == [["E1", "张大山", "13812345678"], ["E2", "王小明", ""]]
    assert plant.do(ExportPrivate(numbers=("E2",), fields=("name",), path="x", reason="y")) == [["E2", "王小明"]]
    assert plant.order(ExportPrivate(numbers=("E9",), fields=("name",), path="x", reason="y")).code == "not_found"
    (_, row), _ = plant.trail.entries(plant.me, action="privacy.export", outcome="done")
    assert row.after == {"fields": ["name", "phone"], "people": 2, "path": "/tmp/x.xlsx", "numbers": ["E1", "E2"]}


def test_an_export_is_dangerous(quick: Plant) -> None:
    from app.organisation.handlers import DANGERS

    with Session(quick.store.engine) as session:
        assert DANGERS[ExportPrivate](session, ExportPrivate(fields=("name",), path="x"), quick.me) == "privacy.export"


# -- ciphertext that is touched


def test_a_ciphertext_swapped_between_two_people_is_refused(plant: Plant) -> None:
    plant.small()
    plant.person("E3", "OP", {"phone": "13700000000"})
    ids = dict(plant.rows("SELECT number, id FROM person"))
    found = plant.rows("SELECT person_id, nonce, ciphertext, key_id FROM person_private WHERE field = 'phone'")
    sealed = {person_id: rest for person_id, *rest in found}
    for one, other in ((ids["E1"], ids["E3"]), (ids["E3"], ids["E1"])):
        nonce, ciphertext, key_id = sealed[other]
        plant.change(
            "UPDATE person_private SET nonce = :n, ciphertext = :c, key_id = :k WHERE person_id = :p AND field = 'phone'",
            n=nonce, c=ciphertext, k=key_id, p=one,
        )  # fmt: skip
    assert plant.order(RevealPrivate(number="E1", fields=("phone",), reason="x")).code == "unreadable"
    assert plant.order(ExportPrivate(fields=("phone",), path="x", reason="x")).code == "unreadable"
    card = plant.register.person("E3", plant.me)
    assert card is not None
    assert {cell.field: cell.readable for cell in card.private if cell.present} == {"name": True, "phone": False}


def test_a_field_moved_to_another_field_is_refused(plant: Plant) -> None:
    plant.small()
    plant.change("DELETE FROM person_private WHERE field = 'emergency_phone'")
    plant.change("UPDATE person_private SET field = 'emergency_phone' WHERE field = 'phone'")
    assert plant.order(RevealPrivate(number="E1", fields=("emergency_phone",), reason="x")).code == "unreadable"


# -- keys


def test_a_new_key_re_encrypts_everything_and_the_old_one_goes(plant: Plant) -> None:
    plant.small()
    before, old = values(plant), plant.vault.current
    assert plant.do(RotateVaultKey(reason="yearly")) == 9
    assert values(plant) == before
    assert plant.vault.known == {plant.vault.current} != {old}
    assert {row[0] for row in plant.rows("SELECT key_id FROM person_private")} == {plant.vault.current}
    (row,), _ = plant.trail.entries(plant.me, action="privacy.rotate_key")
    assert (row.before, row.after) == ({"key": old}, {"key": plant.vault.current, "values": 9})
    assert values(Plant(plant.store, plant.directory)) == before


def test_a_change_of_keys_cut_off_before_its_commit_loses_nothing(plant: Plant) -> None:
    plant.small()
    before, old = values(plant), plant.vault.current
    plant.fail_commit = True
    assert plant.order(RotateVaultKey(reason="x")).code == "store_failed"
    plant.fail_commit = False
    assert values(plant) == before
    assert values(Plant(plant.store, plant.directory)) == before
    assert {row[0] for row in plant.rows("SELECT key_id FROM person_private")} == {old}
    assert plant.do(RotateVaultKey(reason="again")) == 9
    assert values(plant) == before
    assert len(plant.vault.known) == 1


def test_a_change_of_keys_cut_off_in_the_middle_leaves_old_values_readable(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.small()
    before = values(plant)
    seal, calls = Vault.seal, []

    def dies(vault: Vault, place: tuple[str, int, str], value: str) -> Any:
        calls.append(place)
        if len(calls) == 4:
            raise RuntimeError("power cut")
        return seal(vault, place, value)

    monkeypatch.setattr(Vault, "seal", dies)
    assert plant.order(RotateVaultKey(reason="x")).code == "failed"
    monkeypatch.undo()
    fresh = Plant(plant.store, plant.directory)  # the program is started again
    assert len(fresh.vault.known) == 2
    assert values(fresh) == before
    fresh.do(RotateVaultKey(reason="again"))
    assert values(fresh) == before
    assert len(fresh.vault.known) == 1


def test_after_the_commit_an_old_key_that_could_not_be_forgotten_goes_next_time(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.small()
    before = values(plant)
    monkeypatch.setattr(PrivateStore, "forget_old", lambda *_: 1 / 0)
    plant.do(RotateVaultKey(reason="x"))
    monkeypatch.undo()
    assert len(plant.vault.known) == 2
    assert values(plant) == before
    plant.do(RotateVaultKey(reason="y"))
    assert len(plant.vault.known) == 1


def test_a_key_changed_by_another_process_is_used_at_once(plant: Plant) -> None:
    plant.small()
    assert plant.vault.current
    other = Plant(plant.store, plant.directory)
    other.do(RotateVaultKey(reason="from the command line"))
    plant.person("E3", "OP", {"phone": "13700000000"})
    assert {row[0] for row in plant.rows("SELECT key_id FROM person_private")} == {other.vault.current}


def test_a_lost_key_is_said_in_words(quick: Plant) -> None:
    quick.small()
    KeyStore(quick.directory / "keys").replace("vault", b"spoiled")
    fresh = Plant(quick.store, quick.directory)
    answer = fresh.order(RevealPrivate(number="E1", fields=("phone",), reason="x"))
    assert (answer.code, "safe copy" in answer.detail) == ("key_trouble", True)
    with pytest.raises(Refused, match="safe copy"):
        fresh.register.inventory(fresh.me)


# -- retention and erasure


def leave(plant: Plant, number: str, days_ago: int) -> None:
    plant.do(PersonLeft(number=number, left_us=TODAY - days_ago * DAY_US, reason="left"))


def test_an_erasure_takes_what_may_go_and_tells_when_the_rest_will(plant: Plant) -> None:
    plant.small()
    assert plant.order(ErasePerson(number="E1", reason="asked")).code == "still_active"
    leave(plant, "E1", 0)
    assert plant.order(ErasePerson(number="E1")).code == "reason_needed"
    result = plant.do(ErasePerson(number="E1", reason="asked"))
    assert set(result.kept) == {"name", "id_number"}
    assert result.kept["id_number"] == TODAY + 730 * DAY_US
    assert set(values(plant)) == {"name", "id_number"}
    (row,), _ = plant.trail.entries(plant.me, action="privacy.erase", outcome="done")
    assert row.after is not None
    assert set(row.after["gone"]) == set(SECRETS) - {"name", "id_number"}


def test_who_left_long_ago_can_be_erased_whole_and_only_the_number_is_left(plant: Plant) -> None:
    plant.small()
    leave(plant, "E1", 2000)
    assert plant.do(ErasePerson(number="E1", reason="asked")).kept == {}
    assert values(plant) == {}
    card = plant.register.person("E1", plant.me)
    assert card is not None
    assert (card.row.name, card.row.erased_us) == ("", NOON)


def test_what_is_past_its_time_goes_by_itself(plant: Plant) -> None:
    plant.small()
    plant.person("V1", kind=PersonKind.VISITOR, private={"phone": "13700000000", "id_number": "E12345678"})
    leave(plant, "V1", 45)
    leave(plant, "E1", 45)
    overdue = {line.field.value: line.overdue for line in plant.register.inventory(plant.me).lines if line.overdue}
    assert overdue == {
        "id_number": 1, "phone": 1, "emergency_contact": 1, "emergency_phone": 1, "blood_type": 1, "allergies": 1,
    }  # fmt: skip
    keeper = PrivacyKeeper(plant.store.session, plant.policy, plant.door.handle, plant.system)
    assert keeper.step(NOON)
    assert set(values(plant, "V1")) == {"name"}
    assert set(values(plant, "E1")) == {"name", "id_number", "phone", "address"}
    assert not keeper.step(NOON + 60_000_000)
    assert not keeper.step(NOON + 3_600_000_000)
    (row,), _ = plant.trail.entries(plant.me, action="privacy.purge")
    assert (row.login, row.after and set(row.after["removed"])) == ("system", {"V1", "E1"})
    assert [line for line in plant.register.inventory(plant.me).lines if line.overdue] == []


def test_with_the_last_value_goes_the_mask(plant: Plant) -> None:
    plant.small()
    leave(plant, "E1", 1095)
    leave(plant, "E2", 1094)
    plant.do(PurgePrivate(), plant.system)
    assert plant.rows("SELECT name_masked, erased_us FROM person ORDER BY number") == [("", NOON), ("王**", None)]


def test_who_leaves_on_a_day_to_come_is_inactive_from_that_day_on(plant: Plant) -> None:
    plant.small()
    leave(plant, "E2", -1)
    keeper = PrivacyKeeper(plant.store.session, plant.policy, plant.door.handle, plant.system)
    assert not keeper.step(NOON)
    plant.clock.advance(86_400)
    assert keeper.step(plant.clock.now_us())
    card = plant.register.person("E2", plant.me)
    assert card is not None
    assert not card.row.active


def test_the_purge_goes_in_steps_and_says_when_there_is_more(quick: Plant) -> None:
    quick.small()
    for at in range(PEOPLE_A_STEP + 5):
        quick.person(f"V{at:03}", kind=PersonKind.VISITOR, left_us=TODAY - 200 * DAY_US)
    assert quick.do(PurgePrivate(), quick.system) is True
    assert quick.do(PurgePrivate(), quick.system) is False
    assert quick.rows(
        "SELECT count(*) FROM person_private p JOIN person ON person.id = p.person_id WHERE number LIKE 'V%'"
    ) == [(0,)]


# -- inventory and policy


def test_the_inventory_names_purpose_basis_counts_and_keys(plant: Plant) -> None:
    plant.small()
    inventory = plant.register.inventory(plant.me)
    lines = {line.field: line for line in inventory.lines}
    assert set(lines) == set(PrivateField)
    assert (
        lines[PrivateField.NAME].values,
        lines[PrivateField.PHONE].values,
        lines[PrivateField.ALLERGIES].values,
    ) == (2, 1, 1)
    assert lines[PrivateField.ALLERGIES].table == "person_health"
    assert all(
        line.rule.purpose and line.rule.basis and line.rule.purpose_en and line.rule.basis_en
        for line in inventory.lines
    )
    assert [(use.values, use.present, use.current) for use in inventory.keys] == [(9, True, True)]
    assert inventory.people == {"employee.active": 2}
    assert (inventory.purged_us, inventory.next_us, inventory.key_us) == (None, None, NOON)
    assert plant.do(RotateVaultKey(reason="yearly")) == 9
    plant.do(PersonLeft(number="E1", left_us=TODAY, reason="x"))
    plant.do(PurgePrivate())
    inventory = plant.register.inventory(plant.me)
    kept = [line.rule.kept_days[PersonKind.EMPLOYEE] for line in inventory.lines if line.values]
    assert inventory.next_us == TODAY + min(kept) * DAY_US
    assert (inventory.purged_us, inventory.key_us) == (NOON, NOON)
    assert {line.where for line in inventory.elsewhere} >= {"user_account", "audit_entry"}
    plant.rights.refused |= {("chen", "privacy.inventory")}
    with pytest.raises(Refused):
        plant.register.inventory(plant.me)


def test_health_is_marked_sensitive_in_the_policy() -> None:
    policy = load_policy()
    assert {field for field in PrivateField if policy.rule(field).sensitive} == {f for f in PrivateField if f.health}


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("[fields.phone]", "[fields.shoes]", "phone|shoes"),
        ("visitor = 90", "guest = 90", "kept_days"),
        ("employee = 1095", "employee = -1", "kept_days"),
        ('version = "', 'verzion = "', "version|verzion"),
        ("kept_days = {", "kept_days = [", "privacy.toml"),
    ],
)
def test_a_policy_that_can_not_be_is_refused_with_its_file(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    own = tmp_path / "privacy.toml"
    own.write_text(resource_path("rules", "privacy.toml").read_text("utf-8").replace(old, new), "utf-8")
    with pytest.raises(PolicyError, match=wrong):
        load_policy(own)
