"""One icon set with strokes (20-unit box, 1.6 round, resources/icons), recoloured by the theme."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QLabel, QWidget

from app.paths import resource_path
from ui.theme import theme


@lru_cache(maxsize=256)
def _renderer(name: str, color: str) -> QSvgRenderer:
    text = resource_path("icons", f"{name}.svg").read_text("utf-8").replace("currentColor", color)
    return QSvgRenderer(QByteArray(text.encode()))


def paint_icon(painter: QPainter, name: str, rect: QRectF, token: str = "g6") -> None:
    """Paint an icon in a token's colour.

    Raises FileNotFoundError for an icon that does not exist.
    """
    _renderer(name, theme().color(token).name()).render(painter, rect)


@lru_cache(maxsize=512)
def _pixmap(name: str, color: str, size: int, ratio: float) -> QPixmap:
    renderer = _renderer(name, color)
    pixmap = QPixmap(round(size * ratio), round(size * ratio))
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter)
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def pixmap(name: str, token: str = "g6", size: int = 16, ratio: float = 1.0) -> QPixmap:
    """An icon as a pixmap of ``size`` logical pixels for a screen of that pixel ratio."""
    return _pixmap(name, theme().color(token).name(), size, ratio)


def icon(name: str, token: str = "g6") -> QIcon:
    """An icon in the present theme's colour, with a dimmed form for disabled buttons."""
    result = QIcon()
    for size in (16, 20, 32, 40):
        result.addPixmap(pixmap(name, token, size))
        result.addPixmap(pixmap(name, "g4", size), QIcon.Mode.Disabled)
    return result


def set_icon(button: QAbstractButton, name: str, token: str = "g6", size: int = 16) -> None:
    """Give a button an icon that follows the theme for as long as the button lives."""
    follower = button.findChild(_IconFollower, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if follower is None:
        follower = _IconFollower(button)
    button.setIconSize(QSize(size, size))
    follower.show(name, token)


class _IconFollower(QObject):
    """Child of a button: redoes its icon when the theme changes, and goes with it."""

    def __init__(self, button: QAbstractButton) -> None:
        super().__init__(button)
        self._button = button
        self._what = ("", "")
        theme().changed.connect(self._repaint)

    def show(self, name: str, token: str) -> None:
        if self._what != (name, token):
            self._what = (name, token)
            self._repaint()

    def _repaint(self) -> None:
        self._button.setIcon(icon(*self._what))


class IconLabel(QLabel):
    """An icon that stands by itself."""

    def __init__(self, name: str, token: str = "g5", size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._name, self._token, self._size = name, token, size
        self.setFixedSize(size, size)
        self.refresh()
        theme().changed.connect(self.refresh)

    def show_icon(self, name: str, token: str = "g5") -> None:
        """Change the icon."""
        self._name, self._token = name, token
        self.refresh()

    def refresh(self) -> None:
        """Redo it in the theme's colour."""
        self.setPixmap(pixmap(self._name, self._token, self._size, self.devicePixelRatioF()))
