"""Departments as a tree with posts and people beneath: who leads what, how many there are, what is empty."""

from __future__ import annotations

import dataclasses

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTreeView, QVBoxLayout, QWidget

from app.ports import Organisation
from models.organisation import DepartmentRow, PeopleQuery, PersonRow, PostRow
from models.organisation_commands import (
    RemoveDepartment,
    RemovePost,
    SaveDepartment,
    SavePerson,
    SavePost,
)
from models.people import Actor
from ui.i18n import count_text, t
from ui.organisation.forms import ask_removal
from ui.organisation.frame import Frame, read_frame
from ui.organisation.painting import TreeDelegate
from ui.organisation.reading import ReadingPanel
from ui.organisation.structuresheets import DepartmentSheet, PostSheet
from ui.organisation.tree import NODE_ROLE, Node, TreeModel, build
from ui.organisation.words import name_of
from ui.widgets.controls import SearchBox, button, hairline, name_control, role_label
from ui.widgets.panel import PanelContext
from ui.widgets.states import StateStack

ALL = 1_000_000


@dataclasses.dataclass(frozen=True)
class Structure:
    """What the page shows."""

    frame: Frame
    people: list[PersonRow]
    root: Node


class StructurePanel(ReadingPanel[Structure]):
    """``person_asked(number)`` when somebody in the tree is to be shown."""

    title_key = "organisation.page.structure"
    icon_name = "org"
    person_asked = Signal(str)

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.model = TreeModel(self)
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(TreeDelegate(self.view))
        self.view.setUniformRowHeights(True)
        self.view.setRootIsDecorated(False)
        self.view.setIndentation(22)
        self.view.setExpandsOnDoubleClick(False)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.states = StateStack(self.view, "org")
        self.footer = role_label("dim")
        self.footer.setContentsMargins(12, 4, 12, 4)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.states, 1)
        column.addWidget(hairline())
        column.addWidget(self.footer)
        self.search = SearchBox()
        self.search.setFixedWidth(200)
        self.new_department, self.new_post = button("plus"), button("plus")
        self.edit, self.remove = button("edit"), button("minus")
        for widget in (self.search, self.remove, self.edit, self.new_post, self.new_department):
            self.header.right.addWidget(widget)
        self._searched = ""
        self._wanted: tuple[str, str] | None = None
        self._closed: set[tuple[str, str]] = set()
        self.search.searched.connect(self._search)
        self.new_department.clicked.connect(lambda: self._open_department(None))
        self.new_post.clicked.connect(lambda: self._open_post(None))
        self.edit.clicked.connect(self._open_current)
        self.remove.clicked.connect(self._remove_current)
        self.view.selectionModel().currentChanged.connect(lambda *_: self.enable())
        self.view.clicked.connect(self._clicked)
        self.view.doubleClicked.connect(lambda _index: self._open_current())
        enter = QAction(self)
        enter.setShortcuts([QKeySequence(Qt.Key.Key_Return), QKeySequence(Qt.Key.Key_Enter)])
        enter.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        enter.triggered.connect(self._open_current)
        self.view.addAction(enter)
        head = self.view.header()
        head.setStretchLastSection(False)
        head.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for section, width in ((1, 220), (2, 80), (3, 180)):
            head.resizeSection(section, width)
        self.ready()
        self.begin()

    # -- reading

    def read(self, organisation: Organisation, reader: Actor) -> Structure:
        frame = read_frame(organisation, reader)
        people, _ = organisation.people(PeopleQuery(active=True, limit=ALL), reader)
        return Structure(frame, people, build(frame, people, self._searched))

    def show_data(self, data: Structure) -> None:
        kept = self._wanted or self.current().key
        self.model.show(data.root)
        self._expand()
        self._wanted = None
        self.select(*kept)
        if not data.frame.departments:
            self.states.show_empty("organisation.no_departments", "organisation.no_departments_hint")
        elif not data.root.children:
            self.states.show_empty("organisation.nothing_found")
        else:
            self.states.show_content()
        self._say()

    def forget(self) -> None:
        self.model.show(Node(None))
        self._say()

    def _expand(self) -> None:
        """Departments open, posts closed (a search opens all the way to what it found)."""

        def opened(node: Node) -> bool:
            department = isinstance(node.row, DepartmentRow) and node.key not in self._closed
            return bool(self._searched) or department

        for index in reversed(self.model.opened(opened)):  # the lowest first: nothing is laid out twice
            self.view.expand(index)

    def _say(self) -> None:
        data = self.data
        self.footer.setText(
            ""
            if data is None
            else t(
                "organisation.structure_counts",
                departments=count_text(len(data.frame.departments)),
                posts=count_text(len(data.frame.posts)),
                people=count_text(len(data.people)),
            )
        )

    def _search(self, text: str) -> None:
        if text != self._searched:
            self._searched = text
            self.load()

    # -- choosing

    def current(self) -> Node:
        """The node in focus; the root when there is none."""
        return self.model.node(self.view.currentIndex())

    def select(self, kind: str, code: str) -> bool:
        """Bring a department, post or person into sight; False when it isn't there (yet)."""
        index = self.model.find((kind, code)) if kind else QModelIndex()
        if not index.isValid():
            return False
        self.view.setCurrentIndex(index)
        self.view.scrollTo(index)
        return True

    def go_to(self, kind: str, code: str) -> None:
        """The same from outside, whatever is searched for and whether it has been read yet."""
        if self._searched:
            self.search.clear()
            self._searched = ""
            self._wanted = (kind, code)
            self.load()
        elif not self.select(kind, code):
            self._wanted = (kind, code)

    def _clicked(self, index: QModelIndex) -> None:
        node = self.model.node(index)
        if node.children and index.column() == 0:
            spot = self.view.visualRect(index)
            at = self.view.viewport().mapFromGlobal(self.view.cursor().pos())
            if at.x() < spot.left() + 28:
                opened = not self.view.isExpanded(index)
                self.view.setExpanded(index, opened)
                (self._closed.discard if opened else self._closed.add)(node.key)

    # -- orders

    def enable(self) -> None:
        kind, there = self.current().key[0], self.data is not None
        saves = {"department": SaveDepartment.action, "post": SavePost.action, "person": SavePerson.action}
        self.ctx.let(self.new_department, SaveDepartment.action, there)
        posts = there and self.data is not None and bool(self.data.frame.departments)
        self.ctx.let(self.new_post, SavePost.action, posts)
        if kind == "person":
            self.ctx.let(self.edit, "people.read", there)  # opens the card
        else:
            self.ctx.let(self.edit, saves.get(kind, SavePost.action), there and bool(kind))
        removes = RemovePost.action if kind == "post" else RemoveDepartment.action
        self.ctx.let(self.remove, removes, there and kind in ("department", "post"))

    def _department_here(self) -> str:
        """The department in whose line or beneath which the focus is."""
        node: Node | None = self.current()
        while node is not None and not isinstance(node.row, DepartmentRow):
            node = node.parent
        return node.row.code if node is not None and isinstance(node.row, DepartmentRow) else ""

    def _open_department(self, row: DepartmentRow | None) -> None:
        if self.data is not None:
            above = self._department_here() if row is None else row.parent
            self.ctx.open_sheet.emit(DepartmentSheet(self.ctx, self.data.frame, row, above))

    def _open_post(self, row: PostRow | None) -> None:
        if self.data is not None:
            department = self._department_here() if row is None else row.department
            self.ctx.open_sheet.emit(PostSheet(self.ctx, self.data.frame, row, department))

    def _open_current(self) -> None:
        match self.current().row:
            case DepartmentRow() as row if self.ctx.allowed(SaveDepartment.action):
                self._open_department(row)
            case PostRow() as row if self.ctx.allowed(SavePost.action):
                self._open_post(row)
            case PersonRow() as row:
                self.person_asked.emit(row.number)

    def _remove_current(self) -> None:
        match self.current().row:
            case DepartmentRow() as row:
                code, title = row.code, t("organisation.remove_department")
                ask_removal(
                    self.ctx, title, t("organisation.remove_department_text", name=name_of(row)),
                    lambda reason: RemoveDepartment(code=code, reason=reason),
                )  # fmt: skip
            case PostRow() as row:
                code, title = row.code, t("organisation.remove_post")
                ask_removal(
                    self.ctx, title, t("organisation.remove_post_text", name=name_of(row)),
                    lambda reason: RemovePost(code=code, reason=reason),
                )  # fmt: skip

    def _menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        if not index.isValid():
            return
        node = index.data(NODE_ROLE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = t("organisation.card") if isinstance(node.row, PersonRow) else t("organisation.edit")
        menu.addAction(words, self._open_current).setEnabled(self.edit.isEnabled())
        menu.addAction(t("organisation.new_post"), lambda: self._open_post(None)).setEnabled(self.new_post.isEnabled())
        menu.addAction(t("organisation.remove"), self._remove_current).setEnabled(self.remove.isEnabled())
        menu.popup(self.view.viewport().mapToGlobal(at))

    def on_theme(self) -> None:
        self.view.viewport().update()
        self.view.doItemsLayout()

    def retranslate(self) -> None:
        self.search.setPlaceholderText(t("organisation.search_structure"))
        name_control(self.search, t("organisation.search_structure"))
        self.new_department.setText(t("organisation.new_department"))
        self.new_post.setText(t("organisation.new_post"))
        self.edit.setText(t("organisation.edit"))
        self.remove.setText(t("organisation.remove"))
        self.view.setAccessibleName(t(self.title_key))
        self.view.viewport().update()
        self._say()
