"""Ctrl+K: find any tag, alarm, panel or command by any part of its name or its pinyin initials."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractListModel, QEvent, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from ui.i18n import pick, t
from ui.theme import theme
from ui.widgets.controls import SearchBox, role_label
from ui.widgets.icons import paint_icon
from ui.widgets.panel import PanelContext
from ui.widgets.pinyin import haystack

AT_MOST = 60
ITEM = Qt.ItemDataRole.UserRole + 1


@dataclasses.dataclass(frozen=True)
class PaletteItem:
    """Something that can be found; ``kind`` is a message key, ``hint`` stands dim behind the title."""

    title: str
    hint: str
    kind: str
    icon: str
    run: Callable[[], object]
    also: str = ""  # further words to find it by


def rank(query: str, item: PaletteItem) -> int | None:
    """How well an item suits the query, smaller is better; None if it doesn't."""
    where = haystack(item.title, item.hint, item.also)
    words = query.lower().split()
    if not all(word in where for word in words):
        return None
    title = item.title.lower()
    if not words:
        return 1
    return 0 if title.startswith(words[0]) else 1 if words[0] in haystack(item.title) else 2


def search(query: str, items: Sequence[PaletteItem]) -> list[PaletteItem]:
    """The best items for a query, the given order among equals."""
    ranked = [(place, number, item) for number, item in enumerate(items) if (place := rank(query, item)) is not None]
    return [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])[:AT_MOST]]


def tag_items(ctx: PanelContext) -> list[PaletteItem]:
    """Every tag; choosing one selects it and brings it to the plots."""

    def go(tag_id: int) -> None:
        ctx.select_tag.emit(tag_id)
        ctx.show_on_plot.emit(tag_id, None)

    items = []
    for tag in ctx.station.tags.all():
        words = (pick(tag.description, tag.description_en), pick(tag.area_name, tag.area_name_en))
        hint = " · ".join(part for part in words if part)
        also = " ".join((tag.description, tag.description_en, tag.area_name, tag.device_name))
        items.append(PaletteItem(tag.name, hint, "frame.kind.tag", "trend", partial(go, tag.id), also))
    return items


class _Items(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.items: list[PaletteItem] = []

    def show_items(self, items: list[PaletteItem]) -> None:
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = QModelIndex()) -> int:
        return 0 if parent.isValid() else len(self.items)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.items[index.row()]
        if role == ITEM:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return f"{item.title} {item.hint}"
        return None


class _ItemDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(200, max(32, theme().sizes.row))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        item: PaletteItem = index.data(ITEM)
        rect: QRect = option.rect
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.fillRect(rect, theme().color("sel" if selected else "g0"))
        paint_icon(painter, item.icon, QRect(rect.left() + 12, rect.center().y() - 8, 16, 16).toRectF(), "g5")
        painter.setFont(theme().font(12))
        kind = t(item.kind)
        width = painter.fontMetrics().horizontalAdvance(kind)
        painter.setPen(theme().color("g5"))
        right = QRect(rect.right() - width - 12, rect.top(), width, rect.height())
        painter.drawText(right, Qt.AlignmentFlag.AlignVCenter, kind)
        left = rect.left() + 40
        painter.setFont(theme().font(13, bold=True))
        painter.setPen(theme().color("g7"))
        metrics = painter.fontMetrics()
        room = right.left() - left - 12
        title = metrics.elidedText(item.title, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(left, rect.top(), room, rect.height()), Qt.AlignmentFlag.AlignVCenter, title)
        left += metrics.horizontalAdvance(title) + 12
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        room = right.left() - left - 12
        if room > 20:
            hint = painter.fontMetrics().elidedText(item.hint, Qt.TextElideMode.ElideRight, room)
            painter.drawText(QRect(left, rect.top(), room, rect.height()), Qt.AlignmentFlag.AlignVCenter, hint)


class CommandPalette(QWidget):
    """A box below the banner; Esc or a click elsewhere closes it."""

    def __init__(self, host: QWidget, top: int) -> None:
        super().__init__(host)
        self._host, self._top = host, top
        self.setObjectName("palette")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._items: list[PaletteItem] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(6)
        self.box = SearchBox()
        self.box.textChanged.connect(lambda _text: self._search())
        self.box.installEventFilter(self)
        for action in self.box.actions():
            action.setEnabled(False)  # Esc closes the palette instead of emptying the box
        column.addWidget(self.box)
        self.model = _Items(self)
        self.list = QListView()
        self.list.setModel(self.model)
        self.list.setItemDelegate(_ItemDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setUniformItemSizes(True)
        self.list.clicked.connect(lambda index: self._run(index.row()))
        column.addWidget(self.list, 1)
        self.nothing = role_label("dim")
        column.addWidget(self.nothing)
        self.hide()

    def open(self, items: Sequence[PaletteItem]) -> None:
        """Show it over the workspace with these things to find."""
        self._items = list(items)
        self.box.setPlaceholderText(t("frame.palette_hint"))
        self.box.setAccessibleName(t("frame.palette"))
        self.nothing.setText(t("frame.palette_nothing"))
        self.box.clear()
        self._search()
        width, height = min(680, self._host.width() - 80), min(460, self._host.height() - self._top - 60)
        self.setGeometry((self._host.width() - width) // 2, self._top + 12, width, height)
        self.show()
        self.raise_()
        self.box.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _search(self) -> None:
        found = search(self.box.text().strip(), self._items)
        self.model.show_items(found)
        self.nothing.setVisible(not found)
        if found:
            self.list.setCurrentIndex(self.model.index(0))

    def _run(self, row: int) -> None:
        if 0 <= row < len(self.model.items):
            item = self.model.items[row]
            self.hide()
            item.run()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Arrows move in the list, Return runs, Esc closes."""
        if event.type() is QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        if not isinstance(event, QKeyEvent) or event.type() is not QEvent.Type.KeyPress:
            return super().eventFilter(watched, event)
        row, steps = self.list.currentIndex().row(), {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._run(row)
        elif event.key() == Qt.Key.Key_Escape:
            self.hide()
        elif event.key() in steps:
            last = len(self.model.items) - 1
            self.list.setCurrentIndex(self.model.index(min(last, max(0, row + steps[Qt.Key(event.key())]))))
        else:
            return super().eventFilter(watched, event)
        return True
