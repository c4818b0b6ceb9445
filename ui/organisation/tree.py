"""The tree of departments, posts and people as a Qt model over plain nodes; built on a worker, it only reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from models.organisation import DepartmentRow, PersonRow, PostRow
from ui.i18n import DASH, count_text, t
from ui.organisation.frame import Frame
from ui.organisation.words import kind_text, name_of, rank_text
from ui.widgets.pinyin import matches

Index = QModelIndex | QPersistentModelIndex
NODE_ROLE = Qt.ItemDataRole.UserRole + 1
COLUMNS = ("name", "about", "people", "code")
Row = DepartmentRow | PostRow | PersonRow


@dataclasses.dataclass(eq=False)
class Node:
    """A line of the tree. ``people`` counts active people here and beneath; ``gap`` is what is missing ('' nothing)."""

    row: Row | None
    parent: Node | None = None
    position: int = 0
    children: list[Node] = dataclasses.field(default_factory=list)
    people: int = 0
    heads: str = ""
    gap: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Kind and code."""
        match self.row:
            case DepartmentRow():
                return "department", self.row.code
            case PostRow():
                return "post", self.row.code
            case PersonRow():
                return "person", self.row.number
        return "", ""

    def add(self, child: Node) -> Node:
        """Put a node beneath this one."""
        child.parent, child.position = self, len(self.children)
        self.children.append(child)
        return child

    @property
    def title(self) -> str:
        """Name as shown."""
        match self.row:
            case PersonRow():
                return self.row.name
            case DepartmentRow() | PostRow():
                return name_of(self.row)
        return t("organisation.no_department")

    def cell(self, column: str) -> str:
        """What stands in a column."""
        match column:
            case "name":
                return self.title
            case "code":
                return self.key[1]
            case "people":
                return "" if isinstance(self.row, PersonRow) else count_text(self.people)
        match self.row:
            case PersonRow():
                return kind_text(self.row.kind)
            case PostRow():
                return rank_text(self.row.rank) + (t("organisation.leads_mark") if self.row.leads else "")
        return self.heads or DASH


def build(frame: Frame, people: Sequence[PersonRow], text: str = "") -> Node:
    """The whole tree, or with ``text`` only what matches it and the way there. For worker threads."""
    root = Node(None)
    by_post: dict[str, list[PersonRow]] = {}
    loose: dict[str, list[PersonRow]] = {}
    names = {person.number: person.name for person in people}
    for person in people:
        if person.active and person.post:
            by_post.setdefault(person.post, []).append(person)
        elif person.active:
            loose.setdefault(person.department, []).append(person)

    def keep(*texts: str) -> bool:
        return not text or matches(text, *texts)

    def add_people(parent: Node, rows: Sequence[PersonRow], every: bool) -> None:
        for row in rows:
            if every or keep(row.name, row.number):
                parent.add(Node(row))

    def add_department(parent: Node, row: DepartmentRow, every: bool) -> int:
        node = Node(row, heads=", ".join(names.get(number, number) for number in row.heads))
        node.gap = "" if row.heads else "no_head"
        whole = every or (bool(text) and keep(row.name, row.name_en, row.code))
        node.people = row.people
        for post in frame.posts_of(row.code):
            holder = Node(post, people=post.people, gap="" if post.people else "no_holder")
            hit = whole or (bool(text) and keep(post.name, post.name_en, post.code))
            add_people(holder, by_post.get(post.code, ()), hit)
            if hit or holder.children or not text:
                node.add(holder)
        add_people(node, loose.get(row.code, ()), whole)
        for child in frame.children(row.code):
            node.people += add_department(node, child, whole)
        if whole or node.children or not text:
            parent.add(node)
        return node.people

    for row in frame.children(""):
        add_department(root, row, not text)
    if loose.get(""):
        nowhere = Node(None, people=len(loose[""]))
        add_people(nowhere, loose[""], not text)
        if nowhere.children:
            root.add(nowhere)
    return root


class TreeModel(QAbstractItemModel):
    """Shows a tree of nodes; a new tree replaces the whole."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.root = Node(None)

    def show(self, root: Node) -> None:
        """Show another tree."""
        self.beginResetModel()
        self.root = root
        self.endResetModel()

    def node(self, index: Index) -> Node:
        """The node of an index; the root for an invalid one."""
        found = index.internalPointer() if index.isValid() else self.root
        assert isinstance(found, Node)
        return found

    def index_of(self, node: Node) -> QModelIndex:
        """The index of a node."""
        return QModelIndex() if node.parent is None else self.createIndex(node.position, 0, node)

    def find(self, key: tuple[str, str]) -> QModelIndex:
        """The index of a department, post or person; invalid when it is not shown."""
        waiting = [self.root]
        while waiting:
            node = waiting.pop()
            if node.key == key:
                return self.index_of(node)
            waiting += node.children
        return QModelIndex()

    def opened(self, wanted: Callable[[Node], bool]) -> list[QModelIndex]:
        """Indexes of nodes that are wanted open, from the top down; beneath a closed one nothing is looked at."""
        found, waiting = [], list(self.root.children)
        while waiting:
            node = waiting.pop()
            if node.children and wanted(node):
                found.append(self.index_of(node))
                waiting += node.children
        return found

    # -- Qt

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:
        node = self.node(parent)
        return self.createIndex(row, column, node.children[row]) if 0 <= row < len(node.children) else QModelIndex()

    def parent(self, index: Any = None) -> Any:
        if index is None:  # QObject.parent()
            return super().parent()
        above = self.node(index).parent
        return QModelIndex() if above is None else self.index_of(above)

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return 0 if parent.column() > 0 else len(self.node(parent).children)

    def columnCount(self, _parent: Index = QModelIndex()) -> int:
        return len(COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node, column = self.node(index), COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return node.cell(column)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            gap = node.gap if column == "name" else ""
            return node.cell(column) + (", " + t(f"organisation.mark.{gap}") if gap else "")
        return node if role == NODE_ROLE else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return t(f"organisation.tree_column.{COLUMNS[section]}")
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section] == "people" else Qt.AlignmentFlag.AlignLeft
            return Qt.AlignmentFlag.AlignVCenter | side
        return None
