"""Two fields for a new password that say at once what is still wrong with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from ui.i18n import has, t
from ui.widgets.controls import role_label

Weakness = Callable[[str, str], str | None]


def weakness_text(code: str) -> str:
    """A weakness in words."""
    key = f"access.weak.{code}"
    return t(key) if has(key) else t("access.weak.weak")


def password_field(name: str) -> QLineEdit:
    """A hidden field with a name for screen readers."""
    field = QLineEdit()
    field.setEchoMode(QLineEdit.EchoMode.Password)
    field.setAccessibleName(name)
    return field


class NewPassword(QWidget):
    """New password, twice. ``changed`` after each key; :meth:`problem` is None when it may be used."""

    changed = Signal()

    def __init__(self, weakness: Weakness, login: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._weakness, self._login = weakness, login
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.first, self.second = password_field(""), password_field("")
        self.first_label, self.second_label = role_label("dim"), role_label("dim")
        self.state = role_label("dim", wrap=True)
        for widget in (self.first_label, self.first, self.second_label, self.second, self.state):
            column.addWidget(widget)
        for field in (self.first, self.second):
            field.textChanged.connect(self.refresh)
        self.retranslate()

    @property
    def password(self) -> str:
        """What was typed."""
        return self.first.text()

    def problem(self) -> str | None:
        """What is wrong, in words."""
        code = self._weakness(self.first.text(), self._login())
        if code is not None:
            return weakness_text(code)
        return None if self.first.text() == self.second.text() else t("access.differ")

    def refresh(self) -> None:
        """Judge it again (also when the login has changed)."""
        problem = self.problem()
        if not self.first.text():
            self.state.setText(t("access.password_rule"))
        else:
            self.state.setText(problem if problem is not None else t("access.password_good"))
        self.changed.emit()

    def retranslate(self) -> None:
        """Words in the present language."""
        for label, field, key in (
            (self.first_label, self.first, "access.new_password"),
            (self.second_label, self.second, "access.repeat_password"),
        ):
            label.setText(t(key))
            field.setAccessibleName(t(key))
        self.refresh()
