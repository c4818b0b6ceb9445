"""Organisation and people on one place of the rail: five pages, and the way from a gap to the page where it stands."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from ui.i18n import count_text, t
from ui.organisation.group import GroupPanel
from ui.organisation.importing import ImportPanel
from ui.organisation.matrix import MatrixPanel
from ui.organisation.people import PeoplePanel
from ui.organisation.structure import StructurePanel
from ui.widgets.controls import SegmentedButtons, name_control, role_label
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.workspace import Page

PAGES = ("structure", "people", "group", "matrix", "import")


class OrganisationPanel(Panel):
    """Five pages and the buttons between them."""

    title_key = "organisation.panel"
    icon_name = "org"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.switch = SegmentedButtons(PAGES)
        self.gaps = role_label("inverse")
        self.gaps.hide()
        self.header.left.addWidget(self.switch)
        self.header.left.addSpacing(8)
        self.header.left.addWidget(self.gaps, alignment=Qt.AlignmentFlag.AlignVCenter)
        self.stack = QStackedWidget()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.stack)
        self.structure, self.people, self.group = StructurePanel(ctx), PeoplePanel(ctx), GroupPanel(ctx)
        self.matrix, self.importing = MatrixPanel(ctx), ImportPanel(ctx)
        for panel in (self.structure, self.people, self.group, self.matrix, self.importing):
            self.stack.addWidget(Page(panel))
        self._count = 0
        self.switch.chosen.connect(self.show_page)
        self.structure.person_asked.connect(self.people.show_card)
        self.matrix.elsewhere.connect(self.go_to)
        self.matrix.counted.connect(self._counted)
        self.show_page("structure")
        self.ready()

    def pages(self) -> tuple[str, ...]:
        """Keys of the pages, in their order."""
        return PAGES

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.matrix.load()  # its gaps are counted whichever page is in front

    def show_page(self, key: str) -> None:
        """One of PAGES."""
        self.switch.select(key)
        self.stack.setCurrentIndex(PAGES.index(key))

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
        for key in PAGES:
            self.switch.buttons[key].setText(t(f"organisation.page.{key}"))
        name_control(self.gaps, t("organisation.gaps"))
        self._counted(self._count)
