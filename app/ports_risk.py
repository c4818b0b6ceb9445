"""Ports about risk: where facts come from, and what maps and panels ask. Asked for through :mod:`app.ports`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from models.risk import Fact


class FactSource(Protocol):
    """Something whose facts weigh on a zone's colour: alarms, sensors, weather, incidents, hazard tickets, permits …

    Owned by the engine thread. A feature that joins later (tickets, permits) is handed over by bootstrap; nothing in
    the grading knows who is behind it.
    """

    def facts(self, place: str) -> Sequence[Fact]:
        """What holds at this very place (not beneath it)."""

    def changed(self) -> set[str]:
        """Places touched since the last call."""
