"""A guarded trail as an engine leaves it, for the tests of verification, package and command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app.access import audit
from app.access.guard import TrailGuard
from app.access.verification import verify
from app.clock import US, ManualClock
from app.config import AuditConfig, Config
from app.store.engine import Store
from models.anchors import TrailReport
from models.people import system_actor

T0 = 1_700_000_000 * US
SYSTEM = system_actor("CR-1")


class Trail:
    """A guarded trail of twelve rows, anchored after rows 4 and 8, with the head at row 12."""

    def __init__(self, store: Store, directory: Path, config: Config | None = None) -> None:
        self.store, self.directory = store, directory
        self.config = config or Config(station="CR-1", audit=AuditConfig(anchor_dir=Path("share")))
        self.guard = self.new_guard()
        self.now_us = T0
        self.guard.start(store.session, T0)
        for number in range(12):
            self.write(f"alarm:{number}")
            if number in (3, 7):
                self.guard.anchor(store.session, self.now_us)

    def new_guard(self) -> TrailGuard:
        return TrailGuard(
            self.directory, self.config, self.store.read, lambda _action, actor: actor is SYSTEM, ManualClock(T0)
        )

    def write(self, target: str, guarded: bool = True, **fields: Any) -> None:
        self.now_us += US
        with self.store.session() as session:
            values: dict[str, Any] = {"action": "alarm.acknowledge", "outcome": "done", "reason": "见过了"}
            values |= {"before": {"a": 1.5, "b": [1, None]}, "after": None} | fields
            row = audit.append(session, t_us=self.now_us, actor=SYSTEM, target=target, **values)
        if guarded:
            self.guard.committed(row, row, self.now_us)

    def verify(self, **changes: Any) -> TrailReport:
        signer = self.guard.signer
        assert signer is not None
        usual: dict[str, Any] = {
            "head": self.head,
            "copies": [self.anchors, self.directory / "share" / "CR-1-anchors.jsonl"],
            "trusted": {signer.key_id: signer.public_key},
            "patience_s": 0.0,
        }
        return verify(self.store.read, **(usual | changes))

    def first(self) -> tuple[str, int]:
        """Kind and row of the first finding."""
        report = self.verify()
        assert not report.ok
        assert report.first_broken is not None
        return report.first_broken.kind, report.first_broken.id

    @property
    def anchors(self) -> Path:
        return self.directory / "anchors" / "anchors.jsonl"

    @property
    def head(self) -> Path:
        return self.directory / "anchors" / "head.json"
