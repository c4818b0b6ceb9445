"""Form fields with their mistake shown beneath them, so that an editor says at once where something is wrong."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from ui.i18n import MINUS, t
from ui.widgets.controls import plain_label as label
from ui.widgets.controls import role_label


def parse_number(text: str) -> float | None:
    """A number as people type it (``−3,5`` too); None for nothing.

    Raises ValueError when it is no finite number.
    """
    plain = text.strip().replace(MINUS, "-").replace(",", ".").replace("，", ".").replace("。", ".")
    if not plain:
        return None
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def plain_number(value: float | None) -> str:
    """A number as it is typed, without needless zeros."""
    if value is None:
        return ""
    return f"{value:.10g}" if abs(value) < 1e10 else repr(value)


class Field(QWidget):
    """A title, an editor and room for what is wrong. ``edited`` at each change."""

    edited = Signal()

    def __init__(self, title: str, editor: QWidget, hint: str = "") -> None:
        super().__init__()
        self.editor = editor
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(3)
        self.title = role_label("dim", title, wrap=True)
        self.title.setBuddy(editor)
        editor.setAccessibleName(title)
        column.addWidget(self.title)
        column.addWidget(editor)
        self.hint = role_label("dim", hint, wrap=True)
        self.hint.setVisible(bool(hint))
        column.addWidget(self.hint)
        self.problem = role_label("error", wrap=True)
        self.problem.hide()
        column.addWidget(self.problem)
        self.setFocusProxy(editor)

    def complain(self, text: str) -> None:
        """Say what is wrong; '' takes it back."""
        self.problem.setText(text)
        self.problem.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)

    def show_hint(self, text: str) -> None:
        """Words below the editor."""
        self.hint.setText(text)
        self.hint.setVisible(bool(text))

    def _changed(self) -> None:
        self.complain("")
        self.edited.emit()


class TextField(Field):
    """One line of text."""

    def __init__(self, title: str, text: str = "", hint: str = "", most: int = 200) -> None:
        self.line = QLineEdit(text)
        self.line.setMaxLength(most)
        super().__init__(title, self.line, hint)
        self.line.setCursorPosition(0)
        self.line.textChanged.connect(self._changed)

    @property
    def text(self) -> str:
        """Without spaces at the ends."""
        return self.line.text().strip()


class LinesField(Field):
    """Several lines; Tab goes on to the next field."""

    def __init__(self, title: str, text: str = "", hint: str = "", height: int = 66) -> None:
        self.box = QPlainTextEdit(text)
        self.box.setFixedHeight(height)
        self.box.setTabChangesFocus(True)
        super().__init__(title, self.box, hint)
        self.box.textChanged.connect(self._changed)

    @property
    def text(self) -> str:
        """The whole, without spaces at the ends."""
        return self.box.toPlainText().strip()

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines that hold something."""
        return tuple(line.strip() for line in self.text.splitlines() if line.strip())


class NumberField(Field):
    """A number or nothing. ``least`` and ``most`` bound it (both included)."""

    def __init__(
        self,
        title: str,
        value: float | None = None,
        *,
        hint: str = "",
        needed: bool = False,
        whole: bool = False,
        least: float = -math.inf,
        most: float = math.inf,
    ) -> None:
        self.line = QLineEdit(plain_number(value))
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhFormattedNumbersOnly)
        super().__init__(title, self.line, hint)
        self._needed, self._whole, self._least, self._most = needed, whole, least, most
        self.line.textChanged.connect(self._changed)

    def read(self) -> float | None:
        """The number; None for nothing.

        Raises ValueError, and says so at the field, when it can't be used.
        """
        try:
            value = parse_number(self.line.text())
        except ValueError:
            self.complain(t("common.field.number"))
            raise
        if value is None:
            if self._needed:
                self.complain(t("common.field.needed"))
                raise ValueError("needed")
            return None
        if self._whole and value != int(value):
            self.complain(t("common.field.whole"))
            raise ValueError(self.line.text())
        if not self._least <= value <= self._most:
            low, high = plain_number(self._least), plain_number(self._most)
            if math.isinf(self._most):
                self.complain(t("common.field.at_least", low=low))
            else:
                self.complain(t("common.field.between", low=low, high=high))
            raise ValueError(self.line.text())
        return value

    def show_value(self, value: float | None) -> None:
        """Put a number in."""
        self.line.setText(plain_number(value))


class ChoiceField(Field):
    """One of a few; keys with their words."""

    def __init__(self, title: str, choices: Sequence[tuple[str, str]], key: str = "", hint: str = "") -> None:
        self.box = QComboBox()
        for name, words in choices:
            self.box.addItem(words, name)
        super().__init__(title, self.box, hint)
        self.choose(key)
        self.box.currentIndexChanged.connect(lambda _at: self._changed())

    @property
    def key(self) -> str:
        """The chosen key."""
        return str(self.box.currentData())

    def choose(self, key: str) -> None:
        """Choose by key; an unknown one leaves it as it is."""
        at = self.box.findData(key)
        if at >= 0:
            self.box.setCurrentIndex(at)


def side_by_side(*fields: QWidget) -> QWidget:
    """Fields in one row, of equal width, tops aligned."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for field in fields:
        row.addWidget(field, 1, Qt.AlignmentFlag.AlignTop)
    return holder


def read_all(*fields: NumberField) -> list[float | None] | None:
    """All numbers, every mistake shown at its field; None when there was one."""
    values: list[float | None] = []
    wrong: list[NumberField] = []
    for field in fields:
        try:
            values.append(field.read())
        except ValueError:
            wrong.append(field)
    if wrong:
        wrong[0].editor.setFocus()
        return None
    return values


def note(text: str) -> QWidget:
    """A paragraph of body text."""
    return label(text, wrap=True)


Listener = Callable[[], None]
