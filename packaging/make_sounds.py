"""Makes the alarm sounds in resources/sounds, so that nobody has to wonder where they come from or under what licence.

Run ``python packaging/make_sounds.py`` after a change. Each priority has a motif of its own (pitch and rhythm), short
and soft at the edges; how often it repeats is decided by ``ui/alarms/sound.py``.
"""

from __future__ import annotations

import math
import struct
import wave
from pathlib import Path

RATE = 22_050
FADE_S = 0.012
#: file → notes (frequency in Hz, 0 = rest; seconds)
MOTIFS: dict[str, list[tuple[float, float]]] = {
    "critical": [(988, 0.11), (0, 0.05), (784, 0.11), (0, 0.05), (988, 0.11), (0, 0.05), (784, 0.16)],
    "high": [(784, 0.14), (0, 0.08), (784, 0.14)],
    "medium": [(587, 0.18), (0, 0.06), (494, 0.18)],
    "low": [(440, 0.22)],
}


def samples(notes: list[tuple[float, float]], volume: float = 0.55) -> bytes:
    """16-bit mono samples of a motif: a tone with two quiet overtones and faded edges."""
    out = bytearray()
    for frequency, seconds in notes:
        count = round(seconds * RATE)
        for n in range(count):
            at = n / RATE
            edge = min(1.0, at / FADE_S, (seconds - at) / FADE_S)
            phase = 2 * math.pi * frequency * at
            tone = math.sin(phase) + 0.25 * math.sin(2 * phase) + 0.1 * math.sin(3 * phase) if frequency else 0.0
            out += struct.pack("<h", round(32_767 * volume * edge * tone / 1.35))
    return bytes(out)


def main() -> None:
    """Write all files."""
    folder = Path(__file__).resolve().parent.parent / "resources" / "sounds"
    folder.mkdir(parents=True, exist_ok=True)
    for name, notes in MOTIFS.items():
        with wave.open(str(folder / f"{name}.wav"), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            file.writeframes(samples(notes))


if __name__ == "__main__":
    main()
