"""Whatever an outsider with a database shell does to the trail is found and named; what the program does is not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.access import audit, check
from app.access.anchors import Signer, signed_by
from app.access.keys import KeyStore
from app.access.verification import verify
from app.clock import US
from app.store.engine import Store
from models.people import Actor, system_actor
from tests.guarded import SYSTEM, T0, Trail
from tests.outsider import Outsider


@pytest.fixture
def trail(store: Store, tmp_path: Path) -> Any:
    made = Trail(store, tmp_path / "data")
    yield made
    made.guard.close()


@pytest.fixture
def outsider(trail: Trail) -> Outsider:
    return Outsider(trail.store)


def test_untouched_trail_is_whole(trail: Trail) -> None:
    report = trail.verify()
    assert (report.ok, report.first_broken, report.findings, report.warnings) == (True, None, (), ())
    assert (report.entries, report.anchors, report.last_anchor_us) == (12, 2, T0 + 8 * US)


def test_dropping_the_triggers_alone_changes_nothing(trail: Trail, outsider: Outsider) -> None:
    assert trail.verify().ok


DEEDS: list[tuple[str, Callable[[Outsider], None], str, int]] = [
    ("edit a word", lambda o: o.do("UPDATE audit_entry SET reason = 'never mind' WHERE id = 6"), "edited", 6),
    ("edit the time", lambda o: o.do("UPDATE audit_entry SET t_us = t_us - 1 WHERE id = 1"), "edited", 1),
    ("edit who", lambda o: o.do("UPDATE audit_entry SET login = 'bo', name = 'Bo' WHERE id = 12"), "edited", 12),
    ("edit before", lambda o: o.do("UPDATE audit_entry SET before = '{\"a\": 2}' WHERE id = 3"), "edited", 3),
    ("no JSON", lambda o: o.do("UPDATE audit_entry SET outcome = '{', role = '\"' WHERE id = 3"), "edited", 3),
    ("edit the seal", lambda o: o.do("UPDATE audit_entry SET hash = prev_hash WHERE id = 3"), "edited", 3),
    ("edit the chain", lambda o: o.do("UPDATE audit_entry SET prev_hash = hash WHERE id = 7"), "edited", 7),
    ("delete one", lambda o: o.do("DELETE FROM audit_entry WHERE id = 6"), "deleted", 6),
    ("delete the first", lambda o: o.do("DELETE FROM audit_entry WHERE id = 1"), "deleted", 1),
    ("delete some", lambda o: o.do("DELETE FROM audit_entry WHERE id BETWEEN 5 AND 9"), "deleted", 5),
    (
        "delete and close the gap",
        lambda o: (o.do("DELETE FROM audit_entry WHERE id = 6"), o.shift(7, -1))[1],
        "deleted",
        6,
    ),
    ("swap neighbours", lambda o: o.swap(6, 7), "reordered", 6),
    ("swap two far", lambda o: o.swap(2, 11), "reordered", 2),
    ("move to the end", lambda o: o.do("UPDATE audit_entry SET id = 13 WHERE id = 5"), "reordered", 5),
    ("cut the tail", lambda o: o.do("DELETE FROM audit_entry WHERE id > 9"), "tail_cut", 10),
    ("cut the last", lambda o: o.do("DELETE FROM audit_entry WHERE id = 12"), "tail_cut", 12),
    ("cut behind an anchor", lambda o: o.do("DELETE FROM audit_entry WHERE id > 6"), "tail_cut", 7),
    (
        "cut with the anchors",
        lambda o: o.do("DELETE FROM audit_entry WHERE id > 6", "DELETE FROM audit_anchor WHERE last_id > 6"),
        "tail_cut",
        7,
    ),
    ("cut all", lambda o: o.do("DELETE FROM audit_entry", "DELETE FROM audit_anchor"), "tail_cut", 1),
]


@pytest.mark.parametrize(("deed", "kind", "number"), [d[1:] for d in DEEDS], ids=[d[0] for d in DEEDS])
def test_outsiders_deed_is_named(
    trail: Trail, outsider: Outsider, deed: Callable[[Outsider], None], kind: str, number: int
) -> None:
    deed(outsider)
    assert trail.first() == (kind, number)


def forged(outsider: Outsider, number: int, **changes: Any) -> dict[str, Any]:
    """A row that follows properly from the one before ``number``."""
    before = outsider.rows(number - 1)[0]
    return outsider.sealed({**before, "id": number, "reason": "forged", "prev_hash": before["hash"], **changes})


def test_edited_row_that_was_sealed_again_is_named(trail: Trail, outsider: Outsider) -> None:
    row = outsider.rows(6)[0]
    outsider.do("DELETE FROM audit_entry WHERE id = 6")
    outsider.put(outsider.sealed({**row, "reason": "never mind"}))
    assert trail.first() == ("edited", 6)


def test_row_put_in_between_is_named(trail: Trail, outsider: Outsider) -> None:
    outsider.shift(6, 1)
    outsider.put(forged(outsider, 6))
    assert trail.first() == ("inserted", 6)


def test_row_put_in_between_with_a_wrong_seal_is_named(trail: Trail, outsider: Outsider) -> None:
    outsider.shift(6, 1)
    outsider.put({**forged(outsider, 6), "hash": "0" * 64})
    assert trail.first() == ("inserted", 6)


def test_row_put_before_the_first_is_named(trail: Trail, outsider: Outsider) -> None:
    row = outsider.rows(1)[0]
    outsider.put({**row, "id": 0})
    assert trail.first() == ("inserted", 0)


def test_copy_put_at_the_end_is_named(trail: Trail, outsider: Outsider) -> None:
    outsider.put({**outsider.rows(12)[0], "id": 13})
    assert trail.first() == ("inserted", 13)


def test_row_that_chains_properly_put_at_the_end_is_named(trail: Trail, outsider: Outsider) -> None:
    outsider.put(forged(outsider, 13))
    assert trail.first() == ("inserted", 13)


def test_row_without_seal_put_at_the_end_is_named(trail: Trail, outsider: Outsider) -> None:
    outsider.put({**forged(outsider, 13), "hash": "f" * 64, "prev_hash": "e" * 64})
    assert trail.first() == ("inserted", 13)


def test_chain_written_anew_after_the_last_anchor_is_named_by_the_head(trail: Trail, outsider: Outsider) -> None:
    outsider.write_anew(11, reason="never mind")
    assert trail.first() == ("rewritten", 9)  # the first row that no anchor vouches for


def test_chain_written_anew_from_an_early_row_is_named_by_the_next_anchor(trail: Trail, outsider: Outsider) -> None:
    outsider.write_anew(6, reason="never mind")
    assert trail.first() == ("rewritten", 5)
    outsider.do("DELETE FROM audit_anchor")
    assert trail.first() == ("rewritten", 5)  # the copies outside the database still know


def test_anchor_forged_with_another_key_is_named(trail: Trail, outsider: Outsider, tmp_path: Path) -> None:
    outsider.write_anew(6, reason="never mind")
    tail = outsider.rows(8)[0]
    signer = Signer(KeyStore(tmp_path / "their-keys"))
    record = {"id": 2, "t_us": T0, "last_id": 8, "last_hash": tail["hash"], "entries": 8}
    record = signer.sign("anchor", {**record, "public_key": signer.public_key})
    sets = ", ".join(f"{k} = '{v}'" for k, v in record.items())
    outsider.do(f"UPDATE audit_anchor SET {sets} WHERE id = 2")
    report = trail.verify()
    assert {(f.kind, f.id) for f in report.findings} >= {("rewritten", 5), ("anchor_forged", 8), ("anchor_removed", 8)}


@pytest.mark.parametrize("change", ["last_hash = 'ab'", "last_id = 7", "t_us = 5", "signature = 'zz'", "entries = 3"])
def test_changed_anchor_is_named(trail: Trail, outsider: Outsider, change: str) -> None:
    outsider.do(f"UPDATE audit_anchor SET {change} WHERE id = 2")
    kinds = {f.kind for f in trail.verify().findings}
    assert "anchor_forged" in kinds


def test_anchor_taken_from_the_store_is_named(trail: Trail, outsider: Outsider) -> None:
    outsider.do("DELETE FROM audit_anchor WHERE id = 1")
    assert trail.first() == ("anchor_removed", 4)


def test_anchor_that_the_copy_lacks_is_a_warning(trail: Trail) -> None:
    lines = trail.anchors.read_bytes().splitlines(keepends=True)
    trail.anchors.write_bytes(lines[0])
    report = trail.verify()
    assert report.ok
    assert "lacks 1 of 2 anchors" in report.warnings[0]


def test_unreadable_copy_is_a_warning(trail: Trail) -> None:
    trail.anchors.write_bytes(b"{broken\n")
    report = trail.verify()
    assert report.ok
    assert "line 1 is no anchor" in report.warnings[0]


def test_missing_head_is_named(trail: Trail) -> None:
    trail.head.unlink()
    assert trail.first() == ("head_missing", 12)


def test_forged_head_is_named(trail: Trail) -> None:
    slots = trail.head.read_bytes()
    trail.head.write_bytes(
        slots.replace(b'"last_id": 12', b'"last_id": 11').replace(b'"last_id": 11', b'"last_id": 10')
    )
    assert trail.first()[0] == "head_forged"


def test_torn_slot_of_the_head_is_passed_over(trail: Trail) -> None:
    slots = trail.head.read_bytes()
    newest = 1024 if slots.find(b'"last_id": 12') > 1024 else 0
    trail.head.write_bytes(slots[:newest] + slots[newest : newest + 100].ljust(1024, b"\0") + slots[newest + 1024 :])
    assert trail.first() == ("inserted", 12)  # the other slot: row 11
    again = trail.new_guard()
    again.start(trail.store.session, trail.now_us)
    again.close()
    report = trail.verify()
    assert report.ok
    assert report.entries == 13  # the start noted the unconfirmed row


def test_rows_that_a_power_cut_left_unconfirmed_are_noted_at_the_next_start(trail: Trail) -> None:
    trail.write("alarm:12", guarded=False)
    trail.write("alarm:13", guarded=False)
    assert trail.first() == ("inserted", 13)
    again = trail.new_guard()
    again.start(trail.store.session, trail.now_us)
    again.close()
    assert trail.verify().ok
    with trail.store.read() as connection:
        row = connection.execute(text("SELECT action, outcome, after FROM audit_entry ORDER BY id DESC LIMIT 1")).one()
    assert (row.action, row.outcome) == ("audit.head", "failed")
    after = json.loads(row.after) if isinstance(row.after, str) else row.after
    assert after == {"kind": "unconfirmed", "first": 13, "last": 14}


def test_tail_cut_while_the_engine_stood_stays_known_after_its_start(trail: Trail, outsider: Outsider) -> None:
    outsider.do("DELETE FROM audit_entry WHERE id > 10")
    again = trail.new_guard()
    again.start(trail.store.session, trail.now_us)
    trail.guard.close()
    trail.guard = again
    for number in range(5):
        trail.write(f"later:{number}")
    assert trail.first() == ("tail_cut", 11)


def test_row_put_in_while_the_engine_runs_stays_known(trail: Trail, outsider: Outsider) -> None:
    outsider.put(forged(outsider, 13))
    trail.write("later:1")
    trail.write("later:2")
    assert trail.first() == ("inserted", 13)


def test_tail_cut_while_the_engine_runs_stays_known(trail: Trail, outsider: Outsider) -> None:
    outsider.do("DELETE FROM audit_entry WHERE id > 10")
    for number in range(5):
        trail.write(f"later:{number}")
    assert trail.first() == ("tail_cut", 11)


def test_rows_of_another_process_that_says_so_are_no_deed(trail: Trail) -> None:
    other = trail.new_guard()
    other.start(trail.store.session, trail.now_us)
    mine, trail.guard = trail.guard, other
    trail.write("from the command line")
    trail.guard = mine
    trail.write("from the engine")
    other.close()
    report = trail.verify()
    assert (report.ok, report.entries) == (True, 14)


def test_running_engine_may_be_ahead_of_what_is_read(trail: Trail) -> None:
    """Rows that come while the trail is read are neither missing nor foreign."""
    report = trail.verify(
        step=lambda _done, _total: trail.write("meanwhile") if trail.store.dialect == "sqlite" else None
    )
    assert report.ok


def test_trail_without_key_is_walked_and_the_weakness_told(store: Store, tmp_path: Path) -> None:
    with store.session() as session:
        audit.append(session, t_us=1, actor=SYSTEM, action="a", target="b", outcome="done")
    report = verify(store.read, head=tmp_path / "head.json", copies=[], trusted={}, patience_s=0.0)
    assert report.ok
    assert "no key" in report.warnings[0]


def test_text_that_is_no_text_is_named_and_not_a_crash(trail: Trail, outsider: Outsider) -> None:
    if not outsider.sqlite:
        pytest.skip("PostgreSQL keeps only valid text")
    outsider.do("UPDATE audit_entry SET reason = CAST(x'ff80' AS TEXT) WHERE id = 6")
    assert trail.first() == ("edited", 6)
    outsider.do("UPDATE audit_entry SET reason = x'00ff' WHERE id = 5")
    assert trail.first() == ("edited", 5)
    outsider.do("UPDATE audit_entry SET before = 'no json' WHERE id = 4")
    assert trail.first() == ("edited", 4)
    outsider.do("UPDATE audit_entry SET user_id = 0.5 WHERE id = 3")
    assert trail.first() == ("edited", 3)


def test_who_may_not_read_the_trail_may_not_verify_it(trail: Trail) -> None:
    from app.ports import Refused

    assert trail.guard.verify(SYSTEM).ok
    assert [a.last_id for a in trail.guard.anchors(SYSTEM)] == [4, 8]
    with pytest.raises(Refused, match="may not read"):
        trail.guard.verify(system_actor("elsewhere"))
    with pytest.raises(Refused, match="may not read"):
        trail.guard.anchors(system_actor("elsewhere"))


@given(
    st.dictionaries(
        st.text(max_size=4),
        st.recursive(
            st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.integers() | st.text(),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
            max_leaves=6,
        ),
        max_size=4,
    )
)
@settings(max_examples=50, deadline=None)
def test_fast_way_and_definition_agree_on_whatever_is_written(body: dict[str, Any]) -> None:
    import tempfile

    from app.store.engine import sqlite_url

    with tempfile.TemporaryDirectory() as name:
        store = Store(sqlite_url(Path(name) / "t.db"))
        try:
            from models.audit import AuditEntry
            from models.base import Base

            Base.metadata.create_all(store.engine, tables=[AuditEntry.__table__, Base.metadata.tables["audit_anchor"]])
            with store.session() as session:
                audit.append(
                    session,
                    t_us=1,
                    actor=Actor(1, "a", "甲", (), "s"),
                    action="a",
                    target="b",
                    outcome="done",
                    after=body,
                )
            report = verify(store.read, head=Path(name) / "h", copies=[], trusted={}, patience_s=0.0)
        finally:
            store.close()
    assert report.ok


@given(st.binary(max_size=200), st.integers(0, 511))
@settings(max_examples=30, deadline=None)
def test_own_signature_check_agrees_with_the_library(message: bytes, bit: int) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    public, signature = key.public_key().public_bytes_raw().hex(), key.sign(message)
    assert check.ed25519_signed_by(public, message, signature.hex())
    bent = bytearray(signature)
    bent[bit // 8] ^= 1 << bit % 8
    for wrong in (bent.hex(), signature.hex()[:-2]):
        answers = []
        for ask in (check.ed25519_signed_by, signed_by):
            try:
                answers.append(ask(public, message, wrong))
            except ValueError:
                answers.append(False)
        assert answers == [False, False]
    assert not check.ed25519_signed_by(public, message + b"x", signature.hex())


def test_signatures_of_the_standard_hold() -> None:
    """RFC 8032, 7.1, tests 1 and 2."""
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b"
        "d25bf5f0595bbe24655141438e7a100b"
    )
    assert check.ed25519_signed_by(public, b"", signature)
    public = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    signature = (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c"
        "387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert check.ed25519_signed_by(public, b"\x72", signature)
    assert not check.ed25519_signed_by(public, b"\x73", signature)
