"""Buttons, chips, segments, search box and key caps in the house's one manner."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPoint, QRect, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QFontMetrics, QIcon, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QToolButton,
    QWidget,
)

from ui.theme import theme
from ui.widgets.icons import pixmap, set_icon


class Button(QPushButton):
    """A push button that can show a key cap, and can shrink to its icon when its header gets narrow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._full = ""
        self._key = ""
        self.icon_only = False

    def setText(self, text: str) -> None:
        """The words; they stay as accessible name and tool tip while only the icon shows."""
        self._full = text
        super().setText("" if self.icon_only else text)

    def words(self) -> str:
        """The words, shown or not."""
        return self._full

    def set_icon_only(self, on: bool) -> None:
        """Show the icon alone, or icon and words."""
        if on == self.icon_only or self.icon().isNull():
            return
        self.icon_only = on
        super().setText("" if on else self._full)
        if on and not self.accessibleName():
            self.setAccessibleName(self._full)
        if on and not self.toolTip():
            self.setToolTip(self._full)

    @property
    def can_shrink(self) -> bool:
        """True if there is an icon to shrink to."""
        return not self.icon().isNull() and bool(self._full)

    def words_width(self) -> int:
        """What the words cost, px."""
        return QFontMetrics(theme().font(13)).horizontalAdvance(self._full) + 4

    def set_key(self, key: str) -> None:
        """Show the key that does the same, in a cap behind the words."""
        self._key = key
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        hint = super().sizeHint()
        return QSize(hint.width() + self._cap_width() + 10, hint.height()) if self._key else hint

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint() if self._key else super().minimumSizeHint()

    def _cap_width(self) -> int:
        return QFontMetrics(theme().font(11)).horizontalAdvance(self._key) + 8

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._key:
            super().paintEvent(event)
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text, option.icon = "", QIcon()
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        kind = self.property("kind")
        token = {"primary": "onacc", "onred": "critfill"}.get(str(kind), "g6")
        if not self.isEnabled():
            token = {"primary": "g5", "onred": "oncrit"}.get(str(kind), "g4")
        bold = kind in ("primary", "onred")
        font = theme().font(13, bold=bold)
        words, cap = QFontMetrics(font).horizontalAdvance(self._full), self._cap_width()
        icon_width = 0 if self.icon().isNull() else self.iconSize().width() + 6
        left = (self.width() - icon_width - words - 8 - cap) // 2
        if icon_width:
            mode = QIcon.Mode.Normal if self.isEnabled() else QIcon.Mode.Disabled
            place = QRect(QPoint(left, (self.height() - self.iconSize().height()) // 2), self.iconSize())
            self.icon().paint(painter, place, Qt.AlignmentFlag.AlignCenter, mode)
        painter.setFont(font)
        painter.setPen(theme().color(token))
        box = QRect(left + icon_width, 0, words + 2, self.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter, self._full)
        painter.setFont(theme().font(11))
        frame = QRect(left + icon_width + words + 8, (self.height() - 16) // 2, cap, 16)
        painter.drawRoundedRect(frame.toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.drawText(frame, Qt.AlignmentFlag.AlignCenter, self._key)
        painter.end()


def button(icon_name: str = "", kind: str = "", parent: QWidget | None = None) -> Button:
    """A push button; kinds: '' plain, 'primary', 'flat', 'chip', 'phrase', 'status'."""
    result = Button(parent)
    if kind:
        result.setProperty("kind", kind)
    if icon_name:
        set_icon(result, icon_name, "onacc" if kind == "primary" else "g6")
    return result


def icon_button(icon_name: str, parent: QWidget | None = None) -> QToolButton:
    """A square button with only an icon; give it a tool tip and an accessible name with :func:`name_control`."""
    result = QToolButton(parent)
    result.setProperty("kind", "icon")
    set_icon(result, icon_name)
    return result


def name_control(widget: QWidget, text: str, tip: str = "") -> None:
    """Accessible name and tool tip of a control without text."""
    widget.setAccessibleName(text)
    widget.setToolTip(tip or text)


def role_label(role: str, text: str = "", *, wrap: bool = False) -> QLabel:
    """A label in a role of the style sheet: title heading page figure value section dim strong key inverse pill."""
    label = QLabel(text)
    label.setProperty("role", role)
    label.setTextFormat(Qt.TextFormat.PlainText)
    if wrap:
        label.setWordWrap(True)
    return label


def plain_label(text: str = "", *, wrap: bool = False) -> QLabel:
    """A label in body text; never interprets markup, as plant data may hold anything."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    return label


def set_role(label: QWidget, role: str) -> None:
    """Change a label's role and repolish it."""
    if label.property("role") != role:
        label.setProperty("role", role)
        label.style().unpolish(label)
        label.style().polish(label)


def hairline(parent: QWidget | None = None, *, vertical: bool = False) -> QFrame:
    """A one-pixel line in the decor grey."""
    line = QFrame(parent)
    line.setObjectName("hairline")
    if vertical:
        line.setFixedWidth(1)
    else:
        line.setFixedHeight(1)
    return line


class Chip(QPushButton):
    """A checkable filter with an optional count."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "chip")
        self.setCheckable(True)

    def sizeHint(self) -> QSize:
        """Room for the bold text of a chip that is on, so that nothing moves when it is chosen."""
        width = QFontMetrics(theme().font(12, bold=True)).horizontalAdvance(self.text()) + 14
        return QSize(width, super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_text(self, text: str, count: int | None = None) -> None:
        """Text and count."""
        shown = text if count is None else f"{text} {count}"
        if shown != self.text():
            self.setText(shown)
            group = self.parentWidget()
            if isinstance(group, ChipGroup):
                group.updateGeometry()
                group.fit()


class ChipGroup(QWidget):
    """Chips of which exactly one is on; in a narrow place some give way to a menu."""

    chosen = Signal(str)

    def __init__(self, keys: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        self.chips: dict[str, Chip] = {}
        group = QButtonGroup(self)
        group.setExclusive(True)
        for key in keys:
            chip = Chip()
            group.addButton(chip)
            row.addWidget(chip)
            self.chips[key] = chip
            chip.clicked.connect(lambda _checked=False, k=key: self._clicked(k))
        self.more = icon_button("down")
        self.more.setFixedSize(20, 20)
        self.more.clicked.connect(self.open_menu)
        self.more.hide()
        row.addWidget(self.more)
        row.addStretch(1)
        self.collapsed = False
        self.chips[keys[0]].setChecked(True)

    def sizeHint(self) -> QSize:
        return QSize(self._full_width(), self.height_hint())

    def minimumSizeHint(self) -> QSize:
        return QSize(max(chip.sizeHint().width() for chip in self.chips.values()) + 24, self.height_hint())

    def height_hint(self) -> int:
        """Height of the chips."""
        return max(chip.sizeHint().height() for chip in self.chips.values())

    def _full_width(self) -> int:
        return sum(chip.sizeHint().width() for chip in self.chips.values()) + 4 * (len(self.chips) - 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Show all chips or, with a menu for the rest, as many as there is room for; always the one that is on."""
        self.collapsed = self.width() < self._full_width()
        room = self.width() - 32 - sum(c.sizeHint().width() + 4 for c in self.chips.values() if c.isChecked())
        for chip in self.chips.values():
            if chip.isChecked():
                chip.show()
                continue
            width = chip.sizeHint().width() + 4
            chip.setVisible(not self.collapsed or width <= room)
            room -= width if chip.isVisibleTo(self) else room if self.collapsed else 0
        self.more.setVisible(self.collapsed)
        self.more.setAccessibleName(", ".join(chip.text() for chip in self.chips.values()))

    def open_menu(self) -> None:
        """All chips as a menu."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for key, chip in self.chips.items():
            action = menu.addAction(chip.text())
            action.setCheckable(True)
            action.setChecked(chip.isChecked())
            action.triggered.connect(lambda _checked=False, k=key: self.choose(k))
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def _clicked(self, key: str) -> None:
        self.fit()
        self.chosen.emit(key)

    @property
    def current(self) -> str:
        """Key of the chip that is on."""
        return next(key for key, chip in self.chips.items() if chip.isChecked())

    def choose(self, key: str) -> None:
        """Turn a chip on and say so."""
        self.chips[key].setChecked(True)
        self.fit()
        self.chosen.emit(key)


class _Segment(QPushButton):
    """One of joined buttons; as wide as its bold text, so that nothing moves or is cut when it is chosen."""

    def sizeHint(self) -> QSize:
        width = QFontMetrics(theme().font(13, bold=True)).horizontalAdvance(self.text()) + 24
        return QSize(max(width, super().sizeHint().width()), super().sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()


class SegmentedButtons(QWidget):
    """A row of joined buttons of which one is on."""

    chosen = Signal(str)

    def __init__(self, keys: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        self.buttons: dict[str, QPushButton] = {}
        group = self._group = QButtonGroup(self)
        for number, key in enumerate(keys):
            part = _Segment(key)
            part.setCheckable(True)
            part.setProperty("kind", "segment")
            last = number == len(keys) - 1
            part.setProperty(
                "place", "only" if len(keys) == 1 else "first" if not number else "last" if last else "mid"
            )
            group.addButton(part)
            row.addWidget(part)
            self.buttons[key] = part
            part.clicked.connect(lambda _checked=False, k=key: self.chosen.emit(k))

    @property
    def current(self) -> str | None:
        """Key of the button that is on."""
        return next((key for key, part in self.buttons.items() if part.isChecked()), None)

    def select(self, key: str | None) -> None:
        """Turn one on without saying so; None turns all off."""
        if key is not None:
            self.buttons[key].setChecked(True)
            return
        self._group.setExclusive(False)
        for part in self.buttons.values():
            part.setChecked(False)
        self._group.setExclusive(True)


class SearchBox(QLineEdit):
    """A search field; ``searched`` comes 120 ms after the last key, Esc empties it."""

    searched = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "search")
        self._later = QTimer(self, singleShot=True, interval=120)
        self._later.timeout.connect(lambda: self.searched.emit(self.text().strip()))
        self.textChanged.connect(self._later.start)
        self.key_cap = role_label("key")
        self.key_cap.setParent(self)
        self.key_cap.hide()
        clear = QAction(self)
        clear.setShortcut(Qt.Key.Key_Escape)
        clear.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        clear.triggered.connect(self.clear)
        self.addAction(clear)

    def show_key(self, text: str) -> None:
        """Show a key cap at the right end while the field is empty."""
        self.key_cap.setText(text)
        self.key_cap.setVisible(bool(text) and not self.text())
        self.textChanged.connect(lambda now: self.key_cap.setVisible(not now))
        self._place()

    def flush(self) -> None:
        """Search at once (Return)."""
        self._later.stop()
        self.searched.emit(self.text().strip())

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        top = (self.height() - 16) // 2
        painter.drawPixmap(QPoint(9, top), pixmap("search", "g5", 16, self.devicePixelRatioF()))
        painter.end()
        self._place()

    def _place(self) -> None:
        if not self.key_cap.isHidden():
            size: QSize = self.key_cap.sizeHint()
            self.key_cap.setGeometry(
                self.width() - size.width() - 7, (self.height() - size.height()) // 2, size.width(), size.height()
            )
