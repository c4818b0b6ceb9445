"""Short messages that need no answer and hide nothing: bottom right, above the status bar, gone by themselves."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from ui.i18n import t
from ui.widgets.controls import icon_button, name_control, plain_label
from ui.widgets.icons import IconLabel, set_icon

SHOWN_MS = {"info": 4000, "ok": 4000, "warning": 9000}
ICONS = {"info": "info", "ok": "check", "warning": "warning"}
AT_MOST = 4


class Toast(QWidget):
    """One message."""

    def __init__(self, text: str, level: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("toast")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.text = text
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.addWidget(IconLabel(ICONS[level], "g0"))
        label = plain_label(text, wrap=True)
        label.setMinimumWidth(200)
        row.addWidget(label, 1)
        close = icon_button("close")
        set_icon(close, "close", "g0")
        name_control(close, t("common.close"))
        close.clicked.connect(self.deleteLater)
        row.addWidget(close)
        self.setAccessibleName(text)
        timer = QTimer(self, singleShot=True, interval=SHOWN_MS[level])
        timer.timeout.connect(self.deleteLater)
        timer.start()


class ToastArea(QWidget):
    """Stacks toasts at the bottom right of its host; clicks beside them go through."""

    def __init__(self, host: QWidget, *, right: int = 12, bottom: int = 40) -> None:
        super().__init__(host)
        self._host, self._right, self._bottom = host, right, bottom
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(6)
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._place)
        host.installEventFilter(self)
        self.hide()

    def show_text(self, text: str, level: str = "info") -> None:
        """Show a message; the same text is not stacked twice."""
        for toast in self._toasts():
            if toast.text == text:
                toast.deleteLater()
                self._column.removeWidget(toast)
        toast = Toast(text, level, self)
        toast.destroyed.connect(self._later.start)  # the layout forgets it only after this
        self._column.addWidget(toast)
        toast.show()  # what is not shown yet has no height in the layout
        for old in self._toasts()[:-AT_MOST]:
            old.deleteLater()
        self.show()
        self.raise_()
        self._place()

    def texts(self) -> list[str]:
        """What is shown now, oldest first."""
        return [toast.text for toast in self._toasts()]

    def _toasts(self) -> list[Toast]:
        widgets = [item.widget() for i in range(self._column.count()) if (item := self._column.itemAt(i)) is not None]
        return [widget for widget in widgets if isinstance(widget, Toast)]

    def _place(self) -> None:
        if not self._toasts():
            self.hide()
            return
        width = min(420, self._host.width() - 2 * self._right)
        self.setFixedWidth(width)
        height = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else self.sizeHint().height()
        self.setGeometry(
            self._host.width() - width - self._right, self._host.height() - height - self._bottom, width, height
        )

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the host's size."""
        if watched is self._host and event.type() is QEvent.Type.Resize:
            self._place()
        return False
