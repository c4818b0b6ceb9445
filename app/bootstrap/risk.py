"""Wiring of risk: methods and rules, the board that screens ask, and the wing that the engine owns, built in one place.

Loaded when it is first needed (:class:`app.jobs.Late`): its tables cost a start more than the first second can spare.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from app.access.door import Door
from app.clock import Clock
from app.monitoring.catalogue import Catalogue
from app.monitoring.live import LiveValues
from app.ports_risk import FactSource
from app.risk.board import RiskBoard
from app.risk.engine import RiskEngine
from app.risk.gb18218 import load_hazards
from app.risk.methods import load_methods
from app.risk.rules import load_risk_rules
from app.risk.wing import RiskWing
from app.store.engine import Store
from models.alarms import AlarmRow
from models.people import Actor


class RiskSide:
    """All of risk that a room has. ``more`` are sources of facts of features that join later: tickets, permits.

    Raises RiskRulesError when a rule pack can't be used.
    """

    def __init__(
        self,
        store: Store,
        tags: Catalogue,
        live: LiveValues,
        may: Callable[[str, Actor], bool],
        clock: Clock,
        more: Sequence[FactSource],
    ) -> None:
        self._store, self._tags, self._live, self._clock, self._more = store, tags, live, clock, more
        self._methods, self._hazards, self._rules = load_methods(), load_hazards(), load_risk_rules()
        self.engine = RiskEngine(self._methods, self._rules, [])
        self.board = RiskBoard(lambda: self.engine, self._rules, store.read, may)

    def join(self, door: Door, open_alarms: Iterable[AlarmRow]) -> RiskWing:
        """A wing for the engine's core: read from the store, its orders registered. Raises SQLAlchemyError."""
        wing = self.read(open_alarms)
        wing.join(door)
        return wing

    def read(self, open_alarms: Iterable[AlarmRow] = ()) -> RiskWing:
        """Zones as the store has them; the board answers from them from now on. Raises SQLAlchemyError."""
        wing = RiskWing(self._methods, self._hazards, self._rules, self._tags, self._live, more=self._more)
        now_us = self._clock.now_us()
        with self._store.read() as connection:
            wing.start(connection, open_alarms, now_us)
        self.engine = wing.engine
        return wing
