"""Organisation and people on one place of the rail: five pages, and the way from a gap to the page where it stands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from ui.i18n import count_text, t
from ui.organisation.group import GroupPanel
from ui.organisation.importing import ImportPanel
from ui.organisation.matrix import MatrixPanel
from ui.organisation.people import PeoplePanel
from ui.organisation.structure import StructurePanel
from ui.widgets.controls import name_control, role_label
from ui.widgets.paged import PagedPanel
from ui.widgets.panel import PanelContext


class OrganisationPanel(PagedPanel):
    """Five pages; a chip beside their buttons counts what is missing."""

    title_key = "organisation.panel"
    icon_name = "org"
    words = "organisation.page"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.gaps = role_label("inverse")
        self.gaps.hide()
        self.structure, self.people, self.group = StructurePanel(ctx), PeoplePanel(ctx), GroupPanel(ctx)
        self.matrix, self.importing = MatrixPanel(ctx), ImportPanel(ctx)
        self.hold(
            {
                "structure": self.structure,
                "people": self.people,
                "group": self.group,
                "matrix": self.matrix,
                "import": self.importing,
            }
        )
        self.header.left.addSpacing(8)
        self.header.left.addWidget(self.gaps, alignment=Qt.AlignmentFlag.AlignVCenter)
        self._count = 0
        self.structure.person_asked.connect(self.people.show_card)
        self.matrix.elsewhere.connect(self.go_to)
        self.matrix.counted.connect(self._counted)
        self.ready()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.matrix.load()  # its gaps are counted whichever page is in front

    def go_to(self, kind: str, code: str) -> None:
        """Bring a department, a post or a person into sight."""
        if kind == "person":
            self.show_page("people")
            self.people.go_to(code)
        else:
            self.show_page("structure")
            self.structure.go_to(kind, code)

    def _counted(self, count: int) -> None:
        self._count = count
        self.gaps.setText(t("organisation.gaps_title", n=count_text(count)))
        self.gaps.setVisible(bool(count))

    def retranslate(self) -> None:
        super().retranslate()
        name_control(self.gaps, t("organisation.gaps"))
        self._counted(self._count)
