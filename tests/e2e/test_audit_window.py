"""The trail before somebody's eyes in a real room: packed from the window, tampered with outside, verified, jumped to."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog

from tests.e2e.desk import Desk, desk, prepare, t, words
from tests.outsider import Outsider
from tests.servers import free_port
from tests.ui.conftest import clean, themed
from ui.access.audit import AuditPanel
from ui.access.audit_anchors import AnchorsSheet
from ui.access.audit_package import PackageSheet
from ui.access.audit_sheet import AuditSheet
from ui.access.audit_verify import VerifySheet
from ui.access.panel import AccessPanel
from ui.access.privacy import PrivacyPanel

__all__ = ["clean", "desk", "themed"]  # fixtures
pytestmark = pytest.mark.slow


@pytest.fixture
def audit(desk: Desk) -> AuditPanel:
    """The administrator before the audit; no broker answers, which is nothing to the trail."""
    prepare(desk.directory, free_port(), "TT-1")
    desk.open("zhao")
    desk.go("access")
    desk.click(desk.panel(AccessPanel).switch.buttons["audit"])
    panel = desk.panel(AuditPanel)
    desk.until(lambda: panel.model.rowCount() > 0, "the trail")
    return panel


def test_a_package_made_in_the_window_passes_its_own_check(
    desk: Desk, audit: AuditPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "audit.zip"

    def show(dialog: QFileDialog) -> None:
        dialog.fileSelected.emit(str(out))
        dialog.done(QDialog.DialogCode.Accepted)
        dialog.deleteLater()

    monkeypatch.setattr(QFileDialog, "show", show)
    desk.click(audit.anchors)
    anchors = desk.sheet(AnchorsSheet)
    desk.click(anchors.now)
    desk.until(lambda: desk.trail(action="audit.anchor"), "the order in the trail")
    desk.until(lambda: anchors.model.rowCount() > 0, "the anchor in the list")
    desk.click(audit.package)
    sheet = desk.sheet(PackageSheet)
    desk.type(sheet.reason.line, "yearly audit")
    desk.click(sheet.choose)
    desk.until(lambda: sheet.packed is not None, "the package")
    packed = sheet.packed
    assert packed is not None
    assert packed.trail.ok
    with zipfile.ZipFile(out) as archive:
        archive.extract("check.py", tmp_path)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "check.py"), str(out), "--json", "--key", packed.key],
        capture_output=True,
        check=True,
        cwd="/",
    )
    assert json.loads(done.stdout)["ok"]
    row = desk.trail(action="audit.package")[0]
    assert (row.target, row.reason, row.after, row.outcome) == (
        str(out),
        "yearly audit",
        {"entries": packed.entries},
        "done",
    )
    assert desk.trail(action="audit.anchor")[0].login == "zhao"


def test_what_somebody_did_in_the_database_is_found_named_and_shown(desk: Desk, audit: AuditPanel) -> None:
    desk.click(audit.verify)
    sheet = desk.sheet(VerifySheet)
    desk.until(lambda: sheet.head.text() == t("trail.whole"), "a whole trail")
    assert desk.room is not None
    Outsider(desk.room.store).do("UPDATE audit_entry SET reason = 'never mind' WHERE id = 2")
    desk.click(sheet.again)
    desk.until(lambda: sheet.head.text() == t("trail.broken", n=2), "the broken row")
    text = words(sheet)
    assert t("trail.kind.edited") in text
    assert t("trail.do.edited") in text
    desk.click(sheet.jump)
    desk.until(lambda: (row := audit.table.current()) is not None and row.id == 2, "the row")
    audit.table.activated.emit(audit.table.current())
    assert "never mind" in words(desk.sheet(AuditSheet))
    found = desk.trail(action="audit.verify")
    assert [row.after for row in found] == [
        {"ok": False, "entries": found[0].after["entries"], "finding": "2: edited"},
        {"ok": True, "entries": found[1].after["entries"], "finding": ""},
    ]


def test_an_administrator_sees_masks_and_the_inventory_but_takes_no_personal_data_out(
    desk: Desk, audit: AuditPanel
) -> None:
    assert {row.name for row in audit.model.shown() if row.login == "zhao"} == {"赵*"}
    desk.click(desk.panel(AccessPanel).switch.buttons["privacy"])
    privacy = desk.panel(PrivacyPanel)
    desk.until(lambda: privacy.model.rowCount() > 0, "the inventory")
    assert not privacy.take_out.isEnabled()
    assert privacy.take_out.toolTip() == t("common.not_allowed")
