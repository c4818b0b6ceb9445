"""The tag tree's model: plant places above tags, filtered and searched, with live values that repaint one row."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QAbstractItemModel, QByteArray, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from models.alarms import AlarmState, Priority
from models.readings import LiveValue, TagInfo
from ui.i18n import pick, t, unit_text, value_text
from ui.monitoring.mime import TAGS_MIME
from ui.widgets.pinyin import matches

NODE_ROLE = Qt.ItemDataRole.UserRole + 1
Index = QModelIndex | QPersistentModelIndex


@dataclasses.dataclass(eq=False)
class Node:
    """A place (``tag`` is None) or a tag."""

    title: str
    parent: Node | None = None
    children: list[Node] = dataclasses.field(default_factory=list)
    row: int = 0
    tag: TagInfo | None = None
    live: LiveValue | None = None
    stale: bool = False
    alarm: tuple[Priority, AlarmState] | None = None
    plotted: bool = False
    total: int = 0


def _places(tag: TagInfo, by_device: bool) -> list[tuple[str, str]]:
    """Code and title of each level above a tag."""
    if tag.name.startswith("$sys/"):
        return [("$sys", t("monitoring.tree.system"))]
    levels = [(tag.area, pick(tag.area_name, tag.area_name_en))]
    if by_device:
        levels.append((tag.unit_code, pick(tag.unit_name, tag.unit_name_en)))
        levels.append((tag.device, pick(tag.device_name, tag.device_name_en)))
    found = [(code, title or code) for code, title in levels if code]
    return found or [("", t("monitoring.tree.other"))]


class TagModel(QAbstractItemModel):
    """Rebuilt when filter, search or catalogue change; values and alarms touch single rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Node("")
        self._by_id: dict[int, Node] = {}
        self.by_device = False
        self.shown = 0

    def rebuild(self, tags: Sequence[TagInfo], keep: Callable[[TagInfo], bool], query: str) -> None:
        """Fill with the tags that pass filter and search; places without such tags are left out."""
        self.beginResetModel()
        old = self._by_id
        self._root, self._by_id = Node(""), {}
        nodes: dict[tuple[str, ...], Node] = {}
        totals: dict[tuple[str, ...], int] = {}
        for tag in tags:
            places = _places(tag, self.by_device)
            path: tuple[str, ...] = ()
            for code, _ in places:
                path = (*path, code)
                totals[path] = totals.get(path, 0) + 1
            if not keep(tag) or (query and not matches(query, *_words(tag))):
                continue
            parent, path = self._root, ()
            for code, title in places:
                path = (*path, code)
                node = nodes.get(path)
                if node is None:
                    node = nodes[path] = _child(parent, Node(title))
                parent = node
            leaf = _child(parent, Node(tag.name, tag=tag))
            before = old.get(tag.id)
            if before is not None:
                leaf.live, leaf.stale, leaf.alarm, leaf.plotted = (
                    before.live,
                    before.stale,
                    before.alarm,
                    before.plotted,
                )
            self._by_id[tag.id] = leaf
        for path, node in nodes.items():
            node.total = totals[path]
        self.shown = len(self._by_id)
        self._raise_alarms()
        self.endResetModel()

    def node(self, tag_id: int) -> Node | None:
        """The node of a tag that is shown."""
        return self._by_id.get(tag_id)

    def index_of(self, tag_id: int) -> QModelIndex:
        """Index of a tag that is shown, else an invalid one."""
        node = self._by_id.get(tag_id)
        return self._index(node) if node is not None else QModelIndex()

    def set_values(self, values: dict[int, LiveValue]) -> list[QModelIndex]:
        """Take new values; returns the rows to repaint."""
        touched = []
        for tag_id, live in values.items():
            node = self._by_id.get(tag_id)
            if node is not None:
                node.live, node.stale = live, False
                touched.append(self._index(node))
        return touched

    def set_alarms(self, worst: Callable[[int], tuple[Priority, AlarmState] | None]) -> None:
        """Take the worst open alarm of each tag; places show the worst below them."""
        for tag_id, node in self._by_id.items():
            node.alarm = worst(tag_id)
        self._raise_alarms()

    def age(self, now_us: int) -> None:
        """Mark what has not spoken for longer than it should."""
        for node in self._by_id.values():
            limit = node.tag.stale_after_s if node.tag is not None else None
            node.stale = bool(limit and node.live is not None and now_us - node.live.received_us > limit * 1e6)

    def set_plotted(self, names: Iterable[str]) -> None:
        """Mark the tags that are on a plot."""
        on = set(names)
        for node in self._by_id.values():
            node.plotted = node.title in on

    def _raise_alarms(self) -> None:
        def visit(node: Node) -> tuple[Priority, AlarmState] | None:
            if node.tag is None:
                found = [a for child in node.children if (a := visit(child)) is not None]
                node.alarm = max(found, key=lambda a: (a[1] is AlarmState.UNACK, a[0]), default=None)
            return node.alarm

        visit(self._root)

    def _index(self, node: Node) -> QModelIndex:
        return self.createIndex(node.row, 0, node) if node is not self._root else QModelIndex()

    def _node(self, index: Index) -> Node:
        pointer = index.internalPointer() if index.isValid() else None
        return pointer if isinstance(pointer, Node) else self._root

    # -- QAbstractItemModel

    def index(self, row: int, column: int, parent: Index = QModelIndex()) -> QModelIndex:
        node = self._node(parent)
        return self._index(node.children[row]) if 0 <= row < len(node.children) and column == 0 else QModelIndex()

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # Qt overloads QObject.parent()
        above = self._node(index).parent
        return self._index(above) if above is not None else QModelIndex()

    def rowCount(self, parent: Index = QModelIndex()) -> int:
        return len(self._node(parent).children)

    def columnCount(self, parent: Index = QModelIndex()) -> int:
        return 1

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        node = self._node(index)
        if role == NODE_ROLE:
            return node
        if role == Qt.ItemDataRole.DisplayRole:
            return node.title
        if role == Qt.ItemDataRole.AccessibleTextRole and node.tag is not None:
            return f"{node.title} {pick(node.tag.description, node.tag.description_en)} {shown_value(node)}"
        if role == Qt.ItemDataRole.ToolTipRole and node.tag is not None:
            return f"{node.title}\n{pick(node.tag.description, node.tag.description_en)}\n{shown_value(node)}"
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        return flags | Qt.ItemFlag.ItemIsDragEnabled

    def mimeTypes(self) -> list[str]:
        return [TAGS_MIME, "text/plain"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        tags = [tag for index in indexes for tag in tags_below(self._node(index))]
        data = QMimeData()
        data.setData(TAGS_MIME, QByteArray(" ".join(str(tag.id) for tag in tags).encode()))
        data.setText("\n".join(tag.name for tag in tags))
        return data


def tags_below(node: Node) -> list[TagInfo]:
    """The tag itself, or every shown tag of a place."""
    if node.tag is not None:
        return [node.tag]
    return [tag for child in node.children for tag in tags_below(child)]


def shown_value(node: Node) -> str:
    """Value and unit as one text."""
    if node.tag is None:
        return ""
    return f"{value_text(node.live.value if node.live else None, node.tag.decimals, node.tag.states)} {unit_text(node.tag.unit)}"


def _words(tag: TagInfo) -> tuple[str, ...]:
    return (tag.name, tag.description, tag.description_en, tag.area_name, tag.area_name_en, tag.device_name)


def _child(parent: Node, child: Node) -> Node:
    child.parent, child.row = parent, len(parent.children)
    parent.children.append(child)
    return child
