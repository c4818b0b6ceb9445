"""The tag tree: find a tag by number, words or pinyin initials, see its value, drag it to the plots."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QItemSelection, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QHideEvent, QPainter, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from models.alarms import AlarmState, Priority
from models.readings import LiveValue, TagInfo, quality_word
from ui.i18n import count_text, pick, t, unit_text, value_text
from ui.monitoring.editing import editing
from ui.monitoring.favourites import favourites
from ui.monitoring.tagmodel import NODE_ROLE, Node, TagModel, tags_below
from ui.theme import theme
from ui.widgets.controls import ChipGroup, SearchBox, icon_button, name_control, role_label
from ui.widgets.icons import paint_icon
from ui.widgets.panel import Panel, PanelContext
from ui.widgets.shapes import paint_alarm_shape
from ui.widgets.states import EmptyState

Index = QModelIndex | QPersistentModelIndex
FRESH_US = 1_000_000
REFILL_MS = 300  # an import changes the catalogue many times
_FILTERS = ("all", "alarmed", "bad", "favourite")


class TagDelegate(QStyledItemDelegate):
    """Paints places as section heads and tags as one line: mark, number, words, value, unit, alarm."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, theme().sizes.row)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        node: Node = index.data(NODE_ROLE)
        view = option.widget
        rect = QRect(
            0, option.rect.top(), view.viewport().width() if isinstance(view, QTreeView) else 0, option.rect.height()
        )
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        if node.tag is None:
            self._place(painter, node, rect, option.rect.left(), bool(option.state & QStyle.StateFlag.State_Open))
        else:
            self._tag(painter, node, node.tag, rect, option.rect.left(), selected)
        painter.setPen(theme().color("g2"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if bool(option.state & QStyle.StateFlag.State_HasFocus) and selected:
            painter.setPen(theme().color("accent"))
            painter.drawRect(rect.adjusted(0, 0, -1, -1))

    @staticmethod
    def _place(painter: QPainter, node: Node, rect: QRect, left: int, is_open: bool) -> None:
        painter.fillRect(rect, theme().color("g1"))
        paint_icon(painter, "down" if is_open else "right", QRectF(left + 8, rect.center().y() - 5, 12, 12), "g5")
        painter.setFont(theme().font(13, bold=True))
        painter.setPen(theme().color("g6"))
        place = rect.adjusted(left + 26, 0, -92, 0)
        title = painter.fontMetrics().elidedText(node.title, Qt.TextElideMode.ElideRight, place.width())
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, title)
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        words = t("monitoring.tree.points", n=count_text(node.total))
        side = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(rect.adjusted(0, 0, -30, 0), side, words)
        if node.alarm is not None:
            paint_alarm_shape(painter, QRectF(rect.right() - 23, rect.center().y() - 7, 14, 14), *node.alarm)

    @staticmethod
    def _tag(painter: QPainter, node: Node, tag: TagInfo, rect: QRect, left: int, selected: bool) -> None:
        painter.fillRect(rect, theme().color("sel" if selected else "g0"))
        if node.plotted:
            painter.fillRect(QRectF(left - 12, rect.center().y() - 1, 10, 3), theme().color("trace"))
        live = node.live
        good = live is not None and quality_word(live.quality) == "good" and not node.stale
        value = value_text(live.value if live is not None else None, tag.decimals, tag.states)
        unit_left = rect.right() - 74
        painter.setFont(theme().font(13, bold=good))
        painter.setPen(theme().color("g7" if good else "g5"))
        width = painter.fontMetrics().horizontalAdvance(value)
        value_right = unit_left if tag.unit else unit_left + 40
        if not tag.unit:
            value_right = min(value_right, rect.right() - 30)
        painter.drawText(
            QRect(value_right - width - 2, rect.top(), width + 2, rect.height()), Qt.AlignmentFlag.AlignVCenter, value
        )
        painter.setFont(theme().font(12))
        painter.setPen(theme().color("g5"))
        painter.drawText(
            QRect(unit_left + 5, rect.top(), 46, rect.height()), Qt.AlignmentFlag.AlignVCenter, unit_text(tag.unit)
        )
        if node.alarm is not None:
            paint_alarm_shape(painter, QRectF(rect.right() - 23, rect.center().y() - 7, 14, 14), *node.alarm)
        elif live is not None and not good:
            paint_icon(
                painter,
                "clock" if node.stale else "warning",
                QRectF(rect.right() - 22, rect.center().y() - 6, 13, 13),
                "g5",
            )
        text_left = left + 4
        painter.setFont(theme().font(13))
        painter.setPen(theme().color("g6" if good or live is None else "g5"))
        words = f"{tag.name}  {pick(tag.description, tag.description_en)}"
        room = value_right - width - 8 - text_left
        shown = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRect(text_left, rect.top(), room, rect.height()), Qt.AlignmentFlag.AlignVCenter, shown)


class TagTree(Panel):
    """All tags of the plant."""

    title_key = "monitoring.tags"
    icon_name = "list"

    def __init__(self, ctx: PanelContext, parent: QWidget | None = None) -> None:
        super().__init__(ctx, parent)
        self.model = TagModel(self)
        self.model.by_device = ctx.settings.value("tree/arrange", "area", type=str) == "device"
        self.editing = editing(ctx)
        self.favourites = favourites(ctx)
        self.summary = role_label("dim")
        self.arrange = icon_button("filter")
        self.arrange.clicked.connect(self._arrange_menu)
        self.header.right.addWidget(self.summary)
        self.header.right.addWidget(self.arrange)
        self.search = SearchBox()
        self.search.searched.connect(lambda _text: self.refill())
        self.chips = ChipGroup(_FILTERS)
        self.chips.chosen.connect(lambda _key: self.refill())
        self.view = QTreeView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(TagDelegate(self.view))
        self.view.setHeaderHidden(True)
        self.view.setUniformRowHeights(True)
        self.view.setRootIsDecorated(False)
        self.view.setIndentation(14)
        self.view.setExpandsOnDoubleClick(False)
        self.view.setDragEnabled(True)
        self.view.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._menu)
        self.view.clicked.connect(self._clicked)
        self.view.doubleClicked.connect(self._opened)
        self.view.activated.connect(lambda index: self._opened(index) if not self.view.underMouse() else None)
        self.view.selectionModel().selectionChanged.connect(self._selected)
        self.empty = EmptyState("search")
        self.stack = QStackedWidget()
        self.stack.addWidget(self.view)
        self.stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 8, 0, 0)
        column.setSpacing(8)
        tools = QVBoxLayout()
        tools.setContentsMargins(12, 0, 12, 0)
        tools.setSpacing(8)
        tools.addWidget(self.search)
        tools.addWidget(self.chips)
        column.addLayout(tools)
        column.addWidget(self.stack, 1)
        ctx.bridge.values.connect(self._values)
        self._refill_later = QTimer(self, singleShot=True, interval=REFILL_MS)
        self._refill_later.timeout.connect(self.refill)
        ctx.bridge.tags_changed.connect(self._catalogue_changed)
        self.favourites.changed.connect(self.refill)
        ctx.open_alarms.changed.connect(lambda _rows, _sounding: self._alarms())
        ctx.open_alarms.reset.connect(self._alarms)
        ctx.plotted.connect(self._plotted)
        self._plotted_names: set[str] = set()
        self._filled_us = 0
        self._age = QTimer(self, interval=2000)
        self._age.timeout.connect(self._grow_old)
        self.ready()

    # -- words

    def retranslate(self) -> None:
        self.search.setPlaceholderText(t("monitoring.tree.search"))
        self.search.setAccessibleName(t("monitoring.tree.search"))
        self.view.setAccessibleName(t("monitoring.tags"))
        name_control(self.arrange, t("monitoring.tree.arrange"))
        self.refill()

    def on_theme(self) -> None:
        self.view.doItemsLayout()

    # -- contents

    def refill(self) -> None:
        """Apply filter and search to the present catalogue."""
        self._filled_us = self.ctx.station.now_us()
        tags = list(self.ctx.station.tags.all())
        keep = self._keeper()
        chosen = {tag.id for tag in self.chosen()}
        self.model.rebuild(tags, keep, self.search.text().strip())
        self.model.set_values(
            {k: v for k, v in self.ctx.station.live.snapshot().items() if self.model.node(k) is not None}
        )
        self.model.set_plotted(self._plotted_names)
        self._alarms()
        self.model.age(self.ctx.station.now_us())
        self.view.expandAll()
        if not tags:
            self.empty.say(t("monitoring.tree.none_title"), t("monitoring.tree.none_hint"))
        else:
            self.empty.say(t("monitoring.tree.empty_title"), t("monitoring.tree.empty_hint"))
        self.stack.setCurrentIndex(0 if self.model.shown else 1)
        self.summary.setText(
            t("monitoring.tree.summary", total=count_text(len(tags)), shown=count_text(self.model.shown))
        )
        for tag_id in chosen:
            index = self.model.index_of(tag_id)
            if index.isValid():
                self.view.selectionModel().select(index, self.view.selectionModel().SelectionFlag.Select)

    def _keeper(self) -> Callable[[TagInfo], bool]:
        live, alarms = self.ctx.station.live, self.ctx.open_alarms
        match self.chips.current:
            case "alarmed":
                return lambda tag: bool(alarms.of_tag(tag.id))
            case "bad":
                return lambda tag: self._is_bad(tag, live.get(tag.id))
            case "favourite":
                return lambda tag: tag.name in self.favourites.names
            case _:
                return lambda _tag: True

    def _is_bad(self, tag: TagInfo, live: LiveValue | None) -> bool:
        if live is None or quality_word(live.quality) != "good":
            return True
        limit = tag.stale_after_s
        return limit is not None and self.ctx.station.now_us() - live.received_us > limit * 1e6

    def _alarms(self) -> None:
        def worst(tag_id: int) -> tuple[Priority, AlarmState] | None:
            row = next(iter(self.ctx.open_alarms.of_tag(tag_id)), None)
            return (row.priority, row.state) if row is not None else None

        self.model.set_alarms(worst)
        self._counts()
        self.view.viewport().update()

    def _counts(self) -> None:
        tags, live = self.ctx.station.tags.all(), self.ctx.station.live
        counts = {
            "all": None,
            "alarmed": sum(1 for tag in tags if self.ctx.open_alarms.of_tag(tag.id)),
            "bad": sum(1 for tag in tags if self._is_bad(tag, live.get(tag.id))),
            "favourite": len(self.favourites.names),
        }
        for key, chip in self.chips.chips.items():
            chip.show_text(t(f"monitoring.tree.{key}"), counts[key])

    def _values(self, values: dict[int, LiveValue]) -> None:
        if not self.isVisible():
            return
        port = self.view.viewport().rect()
        for index in self.model.set_values(values):
            rect = self.view.visualRect(index)
            if rect.intersects(port):
                self.view.viewport().update(QRect(0, rect.top(), port.width(), rect.height()))

    def _grow_old(self) -> None:
        self.model.age(self.ctx.station.now_us())
        self._counts()
        self.view.viewport().update()

    def _plotted(self, names: object) -> None:
        assert isinstance(names, list)
        self._plotted_names = set(names)
        self.model.set_plotted(names)
        self.view.viewport().update()

    # -- what the person does

    def chosen(self) -> list[TagInfo]:
        """Selected tags, with those of selected places."""
        found: dict[int, TagInfo] = {}
        for index in self.view.selectionModel().selectedIndexes():
            for tag in tags_below(index.data(NODE_ROLE)):
                found[tag.id] = tag
        return list(found.values())

    def reveal(self, tag_id: int) -> None:
        """Scroll to a tag and select it."""
        if self.model.node(tag_id) is None:
            self.search.clear()
            self.chips.choose("all")
        index = self.model.index_of(tag_id)
        if index.isValid():
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _clicked(self, index: QModelIndex) -> None:
        node: Node = index.data(NODE_ROLE)
        if node.tag is None:
            self.view.setExpanded(index, not self.view.isExpanded(index))

    def _selected(self, _on: QItemSelection, _off: QItemSelection) -> None:
        tags = self.chosen()
        if len(tags) == 1 and not self.view.signalsBlocked():
            self.ctx.select_tag.emit(tags[0].id)

    def _opened(self, index: QModelIndex) -> None:
        node: Node = index.data(NODE_ROLE)
        if node.tag is not None:
            self.ctx.show_on_plot.emit(node.tag.id, None)

    def _menu(self, at: QPoint) -> None:
        tags = self.chosen()
        if not tags:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(t("monitoring.tree.show"), partial(self._show, tags[:16]))
        starred = all(tag.name in self.favourites.names for tag in tags)
        menu.addAction(
            t("monitoring.tree.unstar" if starred else "monitoring.tree.star"),
            partial(self.favourites.star, [tag.name for tag in tags], not starred),
        )
        menu.addAction(
            t("monitoring.tree.copy"), lambda: QGuiApplication.clipboard().setText("\n".join(tag.name for tag in tags))
        )
        menu.addSeparator()
        self.editing.fill_menu(menu, tags)
        menu.popup(self.view.viewport().mapToGlobal(at))

    def _show(self, tags: list[TagInfo]) -> None:
        for tag in tags:
            self.ctx.show_on_plot.emit(tag.id, None)

    def _catalogue_changed(self) -> None:
        if not self._refill_later.isActive():
            self._refill_later.start()

    def _arrange_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, by_device in (("by_area", False), ("by_device", True)):
            action = menu.addAction(t(f"monitoring.tree.{key}"), partial(self._arrange_by, by_device))
            action.setCheckable(True)
            action.setChecked(self.model.by_device == by_device)
        menu.popup(self.arrange.mapToGlobal(QPoint(0, self.arrange.height())))

    def _arrange_by(self, by_device: bool) -> None:
        self.model.by_device = by_device
        self.ctx.settings.setValue("tree/arrange", "device" if by_device else "area")
        self.refill()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._age.start()
        if self.ctx.station.now_us() - self._filled_us > FRESH_US:  # just built: it holds what there is
            self.refill()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._age.stop()
