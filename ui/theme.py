"""The only place with colours, type and sizes, so that day, night, touch and contrast are decided once.

``theme()`` is the application's one :class:`Theme`. Widgets ask it for colours when they paint and repaint on
``theme().changed``; nothing else in ui/ may spell a colour. Sizes are logical pixels (Qt scales them to the screen).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from string import Template

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory

from app.paths import resource_path
from models.alarms import AlarmState, Priority


@dataclasses.dataclass(frozen=True)
class Tokens:
    """Colours of one theme, ``#RRGGBB``; the names are those of the design's token sheet."""

    name: str
    g0: str
    g1: str
    g2: str
    g3: str
    g4: str
    g5: str
    g6: str
    g7: str
    accent: str
    onacc: str
    sel: str
    trace: str
    crit: str
    critfill: str
    oncrit: str
    high: str
    med: str
    medline: str
    low: str
    band: float  # opacity of a limit band
    risk_red: str = "#D7263D"
    risk_orange: str = "#F46036"
    risk_yellow: str = "#F2C14E"
    risk_blue: str = "#2E86DE"
    hatch_yellow: str = "#B98A12"  # yellow lines on a light ground need a darker one
    plan_area: str = "#E9EBED"
    plan_road: str = "#D3D7DB"
    plan_building: str = "#E3E6E9"
    plan_tank: str = "#F7F8F9"


DAY = Tokens(
    name="day",
    g0="#F7F8F9",
    g1="#ECEEF0",
    g2="#DFE2E5",
    g3="#C6CBD0",
    g4="#79818A",
    g5="#565E67",
    g6="#343B42",
    g7="#14181C",
    accent="#2F5A84",
    onacc="#FFFFFF",
    sel="#CFDCE8",
    trace="#2F5A84",
    crit="#C8102E",
    critfill="#C8102E",
    oncrit="#FFFFFF",
    high="#D9480F",
    med="#F2B705",
    medline="#7A5A00",
    low="#087F94",
    band=0.09,
)
NIGHT = Tokens(
    name="night",
    g0="#14181C",
    g1="#1C2126",
    g2="#252B31",
    g3="#39424A",
    g4="#737D87",
    g5="#9CA6B0",
    g6="#C8CFD6",
    g7="#EEF1F4",
    accent="#8DB2D6",
    onacc="#0E1216",
    sel="#2A3C4E",
    trace="#9FC0E0",
    crit="#FF4557",
    critfill="#E0243C",
    oncrit="#FFFFFF",
    high="#FF8A3D",
    med="#FFD23F",
    medline="#FFD23F",
    low="#45C4DC",
    band=0.11,
    hatch_yellow="#F2C14E",
    plan_area="#1A1F24",
    plan_road="#2B3239",
    plan_building="#2A3138",
    plan_tank="#333B43",
)
THEMES = {"day": DAY, "night": NIGHT}

_PRIORITY_TOKEN = {Priority.CRITICAL: "crit", Priority.HIGH: "high", Priority.MEDIUM: "med", Priority.LOW: "low"}
_QUIET = frozenset({AlarmState.RTNUN, AlarmState.SHLVD, AlarmState.DSUPR, AlarmState.OOSRV, AlarmState.NORM})


@dataclasses.dataclass(frozen=True)
class Sizes:
    """Fixed sizes of the frame, px."""

    banner: int = 52
    rail: int = 72
    rail_item: int = 60
    status: int = 28
    dock_title: int = 36
    row: int = 28
    button: int = 28
    chip: int = 20
    context: int = 344
    tree: int = 280
    icon: int = 16
    rail_icon: int = 20
    pad: int = 12


NORMAL = Sizes()
TOUCH = Sizes(row=44, button=44, chip=32, dock_title=48, rail_item=68, status=36, banner=60, icon=20)
COMPACT_BELOW = 1500  # a window narrower than this gets the narrower tree and context panel
COMPACT = {"tree": 224, "context": 292}


class Theme(QObject):
    """Present theme; emits ``changed`` after palette, style sheet and plot colours have been switched."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.tokens = DAY
        self.touch = False
        self.family = ""
        self._fonts: dict[tuple[int, bool], QFont] = {}
        self._colors: dict[str, QColor] = {}

    @property
    def name(self) -> str:
        """'day' or 'night'."""
        return self.tokens.name

    @property
    def sizes(self) -> Sizes:
        """Sizes for mouse or finger."""
        return TOUCH if self.touch else NORMAL

    def color(self, token: str, alpha: float = 1.0) -> QColor:
        """A token's colour; ``alpha`` 0…1."""
        base = self._colors.get(token)
        if base is None:
            base = self._colors[token] = QColor(getattr(self.tokens, token))
        color = QColor(base)
        if alpha != 1.0:
            color.setAlphaF(alpha)
        return color

    def priority(self, priority: Priority, *, line: bool = False) -> QColor:
        """Colour of an alarm priority; ``line`` for thin strokes and outlines (yellow needs a darker one by day)."""
        token = _PRIORITY_TOKEN.get(priority, "g4")
        return self.color("medline" if line and token == "med" else token)

    def alarm(self, priority: Priority, state: AlarmState, *, line: bool = False) -> QColor:
        """Colour of an alarm's shape: grey once it has returned, is shelved or out of service."""
        return self.color("g4") if state in _QUIET else self.priority(priority, line=line)

    def font(self, px: int = 13, *, bold: bool = False) -> QFont:
        """Font of the interface at a pixel size of the type scale, with tabular digits. Shared: don't change it."""
        shared = self._fonts.get((px, bold))
        if shared is not None:
            return shared
        font = QFont(QApplication.font())
        if self.family:
            font.setFamilies([self.family, *_FALLBACK])
        font.setPixelSize(px)
        font.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
        font.setFeature(QFont.Tag("tnum"), 1)
        self._fonts[px, bold] = font
        return font

    def load(self) -> None:
        """Load the fonts that ship with the program and set up the application's style; once, before any window."""
        app = _app()
        self.family = load_fonts()
        self._fonts.clear()
        app.setStyle(QStyleFactory.create("Fusion"))
        app.setFont(self.font())
        self._paint(app)

    def switch(self, name: str | None = None, *, touch: bool | None = None) -> None:
        """Change theme and touch mode while the window runs.

        Raises KeyError for an unknown name.
        """
        tokens = self.tokens if name is None else THEMES[name]
        finger = self.touch if touch is None else touch
        if tokens is self.tokens and finger == self.touch:
            return
        self.tokens, self.touch = tokens, finger
        self._colors.clear()
        self._paint(_app())
        self.changed.emit()

    @contextmanager
    def as_printed(self) -> Iterator[None]:
        """Day colours and mouse sizes for what is painted meanwhile; the screen does not change."""
        kept = self.tokens, self.touch
        self.tokens, self.touch = DAY, False
        self._colors.clear()
        try:
            yield
        finally:
            self.tokens, self.touch = kept
            self._colors.clear()

    def _paint(self, app: QApplication) -> None:
        app.setPalette(palette(self.tokens))
        app.setStyleSheet(style_sheet(self.tokens, self.sizes))


_FALLBACK = ("Noto Sans CJK SC", "Microsoft YaHei UI", "PingFang SC", "DejaVu Sans", "Segoe UI Symbol")


def _app() -> QApplication:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    return app


def load_fonts() -> str:
    """Load Noto Sans SC 400 and 700; returns the family name, '' when no font file could be read.

    Only the two full Chinese files are loaded, which hold Latin as well: Qt files all subsets under one family and
    style and would use a Latin-only subset for Chinese.
    """
    family = ""
    for weight in (400, 700):
        path = resource_path("fonts", f"noto-sans-sc-{weight}.ttf")
        names = QFontDatabase.applicationFontFamilies(QFontDatabase.addApplicationFont(str(path)))
        family = names[0] if names else family
    return family


def palette(tokens: Tokens) -> QPalette:
    """Qt palette for widgets that the style sheet does not speak of."""
    result = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.g1,
        QPalette.ColorRole.WindowText: tokens.g6,
        QPalette.ColorRole.Base: tokens.g0,
        QPalette.ColorRole.AlternateBase: tokens.g1,
        QPalette.ColorRole.Text: tokens.g6,
        QPalette.ColorRole.PlaceholderText: tokens.g5,
        QPalette.ColorRole.Button: tokens.g1,
        QPalette.ColorRole.ButtonText: tokens.g6,
        QPalette.ColorRole.BrightText: tokens.g7,
        QPalette.ColorRole.Highlight: tokens.sel,
        QPalette.ColorRole.HighlightedText: tokens.g7,
        QPalette.ColorRole.ToolTipBase: tokens.g7,
        QPalette.ColorRole.ToolTipText: tokens.g0,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.Accent: tokens.accent,
        QPalette.ColorRole.Light: tokens.g0,
        QPalette.ColorRole.Mid: tokens.g3,
        QPalette.ColorRole.Midlight: tokens.g2,
        QPalette.ColorRole.Dark: tokens.g4,
        QPalette.ColorRole.Shadow: tokens.g3,
    }
    for role, color in roles.items():
        result.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        result.setColor(QPalette.ColorGroup.Disabled, role, QColor(tokens.g4))
    return result


def style_sheet(tokens: Tokens, sizes: Sizes) -> str:
    """The one style sheet, with tokens and sizes filled in."""
    text = resource_path("theme", "app.qss").read_text("utf-8")
    values = {k: str(v) for k, v in {**dataclasses.asdict(sizes), **dataclasses.asdict(tokens)}.items()}
    values["check"] = resource_path("theme", f"check-{tokens.name}.svg").as_posix()
    values["down"] = resource_path("theme", f"down-{tokens.name}.svg").as_posix()
    values["button_inner"] = str(sizes.button - 2)
    return Template(text).substitute(values)


def luminance(color: str) -> float:
    """Relative luminance after WCAG 2."""

    def linear(part: int) -> float:
        c = part / 255
        return c / 12.92 if c <= 0.04045 else float(((c + 0.055) / 1.055) ** 2.4)

    r, g, b = (linear(int(color[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(first: str, second: str) -> float:
    """Contrast ratio of two colours after WCAG 2, 1…21."""
    a, b = sorted((luminance(first), luminance(second)), reverse=True)
    return (a + 0.05) / (b + 0.05)


@cache
def theme() -> Theme:
    """The application's theme."""
    return Theme()
