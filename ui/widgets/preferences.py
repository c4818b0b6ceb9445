"""What a station remembers about its looks and manners, typed, with a signal so that a change shows at once."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSettings, Signal

DEFAULT_IDLE_MIN = 15
IDLE_CHOICES = (0, 5, 10, 15, 30, 60)


class Preferences(QObject):
    """Over QSettings; ``changed(key)`` after each change. idle_minutes 0 = never lock by itself."""

    changed = Signal(str)

    def __init__(self, settings: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings

    @property
    def language(self) -> str:
        """'zh' or 'en'."""
        value = str(self._settings.value("ui/language", "zh"))
        return value if value in ("zh", "en") else "zh"

    @property
    def theme(self) -> str:
        """'day' or 'night'."""
        value = str(self._settings.value("ui/theme", "day"))
        return value if value in ("day", "night") else "day"

    @property
    def touch(self) -> bool:
        """Sizes for fingers."""
        return self._flag("touch", False)

    @property
    def blink(self) -> bool:
        """The banner's icon cell blinks."""
        return self._flag("blink", True)

    @property
    def kiosk(self) -> bool:
        """Layouts are locked."""
        return self._flag("kiosk", False)

    @property
    def idle_minutes(self) -> int:
        """Minutes without input after which the station locks; 0 = never."""
        try:
            return max(0, int(str(self._settings.value("ui/idle_minutes", DEFAULT_IDLE_MIN))))
        except ValueError:
            return DEFAULT_IDLE_MIN

    def put(self, key: str, value: str | bool | int) -> None:
        """Set one of the above by its name."""
        if getattr(self, key) != value:
            self._settings.setValue(f"ui/{key}", value)
            self.changed.emit(key)

    def _flag(self, key: str, default: bool) -> bool:
        return str(self._settings.value(f"ui/{key}", default)).lower() in ("true", "1")
