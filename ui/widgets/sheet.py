"""Questions at the side of the work: a sheet over the context column instead of a dialog that could hide an alarm."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QPlainTextEdit, QScrollArea, QVBoxLayout, QWidget

from ui.i18n import t
from ui.theme import theme
from ui.widgets.controls import button, icon_button, name_control, plain_label, role_label
from ui.widgets.panel import ReasonRequest


class Sheet(QWidget):
    """A form at the right edge of its host, below the banner; one at a time. Esc or × closes it.

    ``closed`` comes once, whichever way it ended.
    """

    closed = Signal()

    def __init__(self, title: str) -> None:
        super().__init__()
        self.setObjectName("sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName(title)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        head = QWidget()
        head.setObjectName("panelHeader")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head.setFixedHeight(theme().sizes.dock_title)
        row = QHBoxLayout(head)
        row.setContentsMargins(16, 0, 8, 0)
        row.addWidget(role_label("title", title), 1)
        close = icon_button("close")
        name_control(close, t("common.close"))
        close.clicked.connect(self.close)
        row.addWidget(close)
        outer.addWidget(head)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        page.setObjectName("contextBody")
        self.form = QVBoxLayout(page)
        self.form.setContentsMargins(16, 12, 16, 16)
        self.form.setSpacing(8)
        area.setWidget(page)
        outer.addWidget(area, 1)
        self._over = False

    def close(self) -> bool:
        """Close it and say so."""
        if not self._over:
            self._over = True
            self.closed.emit()
        return super().close()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close()
        else:
            super().keyPressEvent(event)

    def buttons(self, confirm: str) -> QHBoxLayout:
        """Add the row of confirm (calls ``confirmed``) and cancel buttons."""
        row = QHBoxLayout()
        row.setSpacing(8)
        self.confirm = button("check", "primary")
        self.confirm.setText(confirm)
        self.confirm.clicked.connect(self._confirm)
        cancel = button()
        cancel.setText(t("common.cancel"))
        cancel.clicked.connect(self.close)
        row.addWidget(self.confirm, 1)
        row.addWidget(cancel, 1)
        self.form.addLayout(row)
        self.form.addStretch(1)
        return row

    def _confirm(self) -> None:
        if not self._over:  # the second click of a double click
            self.confirmed()

    def confirmed(self) -> None:
        """The person pressed the confirm button; subclasses act and close."""
        self.close()


class ReasonSheet(Sheet):
    """Says what will happen and asks why (and for how long)."""

    def __init__(self, request: ReasonRequest) -> None:
        super().__init__(request.title)
        self._request = request
        self.form.addWidget(plain_label(request.text, wrap=True))
        self.duration = QComboBox()
        self.one_shot = QCheckBox(t("common.one_shot"))
        if request.durations:
            self.form.addWidget(role_label("dim", t("common.duration")))
            for seconds in request.durations:
                self.duration.addItem(duration_text(seconds), seconds)
            self.duration.setAccessibleName(t("common.duration"))
            self.form.addWidget(self.duration)
        if request.one_shot:
            self.form.addWidget(self.one_shot)
        label = t("common.reason") if request.required else t("common.comment")
        self.form.addWidget(role_label("dim", label))
        self.reason = QPlainTextEdit()
        self.reason.setAccessibleName(label)
        self.reason.setFixedHeight(84)
        self.reason.setTabChangesFocus(True)
        self.reason.installEventFilter(self)
        self.form.addWidget(self.reason)
        self.problem = role_label("error")
        self.problem.hide()
        self.form.addWidget(self.problem)
        if request.phrases:
            self.form.addWidget(role_label("dim", t("common.phrases")))
            for phrase in request.phrases:
                part = button(kind="phrase")
                part.setText(phrase)
                part.clicked.connect(lambda _checked=False, text=phrase: self._phrase(text))
                self.form.addWidget(part)
        self.form.addSpacing(4)
        self.buttons(request.confirm)
        self.setFocusProxy(self.reason)

    def _phrase(self, text: str) -> None:
        self.reason.setPlainText(text)
        self.reason.setFocus()

    def confirmed(self) -> None:
        """Hand the answer over if it is complete."""
        reason = self.reason.toPlainText().strip()
        if self._request.required and not reason:
            self.problem.setText(t("common.reason_needed"))
            self.problem.show()
            self.reason.setFocus()
            return
        seconds = self.duration.currentData() if self._request.durations else None
        self.close()
        self._request.done(reason, seconds, self.one_shot.isChecked())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ctrl+Return in the text confirms."""
        if isinstance(event, QKeyEvent) and event.type() is QEvent.Type.KeyPress and watched is self.reason:
            ctrl = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and ctrl:
                self.confirmed()
                return True
        return super().eventFilter(watched, event)


def duration_text(seconds: float) -> str:
    """A duration to choose: ``30 min``, ``8 h``."""
    whole = round(seconds)
    return t("common.age.min", n=whole // 60) if whole < 3600 else t("common.age.h", n=whole // 3600)
