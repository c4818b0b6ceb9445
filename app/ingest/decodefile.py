"""What the pipeline would make of recorded messages: the ``decode`` command, on the very code path of the live way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.ingest.decode.base import EPOCH, Undecodable
from app.ingest.decode.mapping import MappingSet
from app.ingest.decode.router import Decoder
from models.readings import Reading, quality_word

MAX_BYTES = 1_048_576


def decode_files(
    topic: str,
    files: Iterable[Path],
    mapping: MappingSet,
    received_us: int,
    *,
    max_bytes: int = MAX_BYTES,
    native_prefix: str = "ankan/v1/",
) -> Iterator[dict[str, Any]]:
    """One line a file, each file being one message on ``topic``, in order (Sparkplug births before data).

    Yields ``{"file", "readings": [{"tag", "time", "value", "quality", "unit"}], "refused": reason or None}``; where only
    some values of a message are refused, ``"rejected"`` lists them as ``{"reason", "detail"}``. Times are ISO 8601 UTC;
    a reading without a time of its own gets ``received_us``. Raises OSError when a file can't be read.
    """
    decoder = Decoder(mapping, max_bytes=max_bytes, native_prefix=native_prefix)
    for file in files:
        with file.open("rb") as stream:
            payload = stream.read(max_bytes + 1)
        line: dict[str, Any] = {"file": str(file), "readings": [], "refused": None}
        try:
            readings = decoder.decode(topic, payload, received_us)
        except Undecodable as refusal:
            line["refused"] = refusal.reason.value
            line["detail"] = refusal.detail
        else:
            line["readings"] = [_shown(reading, received_us) for reading in readings]
            if decoder.rejected:
                line["rejected"] = [{"reason": reason.value, "detail": detail} for reason, detail in decoder.rejected]
                decoder.rejected.clear()
        yield line


def _shown(reading: Reading, received_us: int) -> dict[str, Any]:
    return {
        "tag": reading.tag,
        "time": iso_utc(reading.t_us or received_us),
        "value": reading.value,
        "quality": quality_word(reading.quality),
        "unit": reading.unit,
    }


def iso_utc(t_us: int) -> str:
    """ISO 8601 with microseconds and Z; times beyond the year 9999 are given as text in microseconds."""
    try:
        return (EPOCH + timedelta(microseconds=t_us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    except OverflowError:
        return f"{t_us} us"
