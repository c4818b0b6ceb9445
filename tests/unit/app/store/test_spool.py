"""The spool: whole records come back, a torn one is left out, a full disk leaves the file as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.store.spool import Spool


@given(bodies=st.lists(st.binary(max_size=200), max_size=8), cut=st.integers(min_value=0, max_value=60))
def test_whole_records_survive_a_torn_tail(
    tmp_path_factory: pytest.TempPathFactory, bodies: list[bytes], cut: int
) -> None:
    directory = tmp_path_factory.mktemp("spool")
    spool = Spool(directory)
    for body in bodies:
        spool.append(body)
    path = directory / "spool.bin"
    if path.exists() and cut:
        data = path.read_bytes()
        path.write_bytes(data[: max(0, len(data) - cut)])
    found = list(Spool(directory).records())
    assert found == bodies[: len(found)]
    if cut == 0:
        assert found == bodies
    else:
        lost = b"".join(bodies[len(found) :])
        assert len(lost) + 8 * (len(bodies) - len(found)) <= cut + 8 + max(map(len, bodies), default=0)


def test_cleared_spool_is_empty(tmp_path: Path) -> None:
    spool = Spool(tmp_path)
    spool.append(b"x")
    spool.clear()
    assert (spool.count, list(spool.records()), Spool(tmp_path).count) == (0, [], 0)


def test_a_failing_write_raises_and_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(tmp_path)
    spool.append(b"first")

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.store.spool.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        spool.append(b"second")
    assert list(Spool(tmp_path).records()) == [b"first"]
    assert spool.count == 1
