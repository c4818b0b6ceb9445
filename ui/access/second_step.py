"""The parts of a second step that are seen: a field for codes, the picture for the telephone, the codes for paper."""

from __future__ import annotations

import unicodedata

from PySide6.QtCore import QByteArray, QRectF, QRegularExpression, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap, QRegularExpressionValidator
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QFrame, QLabel, QLineEdit, QVBoxLayout, QWidget

from models.login import TotpOffer
from ui.i18n import t
from ui.theme import theme
from ui.widgets.controls import button, role_label

DIGITS = 6
PICTURE = 196  # px; a telephone reads it from an arm's length
_DIGITS = QRegularExpression(r"\s*(\d\s*){0,6}")  # any script's digits: an input method may give full-width ones
_PAPER = QRegularExpression(r".{0,32}")


class CodeField(QLineEdit):
    """A telephone's six digits, or with ``paper`` one of the codes for the day it is lost."""

    def __init__(self) -> None:
        super().__init__()
        self.paper = False
        self.setProperty("kind", "code")
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setValidator(QRegularExpressionValidator(_DIGITS, self))
        self.setInputMethodHints(Qt.InputMethodHint.ImhDigitsOnly | Qt.InputMethodHint.ImhNoPredictiveText)
        self.setMinimumHeight(44)

    def set_paper(self, on: bool) -> None:
        """Take letters too."""
        self.paper = on
        self.clear()
        self.setValidator(QRegularExpressionValidator(_PAPER if on else _DIGITS, self))
        hints = Qt.InputMethodHint.ImhNoPredictiveText | Qt.InputMethodHint.ImhNoAutoUppercase
        self.setInputMethodHints(hints if on else hints | Qt.InputMethodHint.ImhDigitsOnly)

    @property
    def code(self) -> str:
        """What was typed, without spaces, full-width digits made plain."""
        return "".join(unicodedata.normalize("NFKC", self.text()).split())

    @property
    def complete(self) -> bool:
        """Can it be a code?"""
        return len(self.code) >= 10 if self.paper else len(self.code) == DIGITS


class CodeEntry(QWidget):
    """The field with its words, and the way to the codes on paper. ``entered`` at Return, ``edited`` at each change."""

    entered = Signal()
    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.label = role_label("dim", wrap=True)
        self.field = CodeField()
        self.other = button(kind="flat")
        for widget in (self.label, self.field, self.other):
            column.addWidget(widget)
        self.field.returnPressed.connect(self.entered)
        self.field.textChanged.connect(lambda _text: self.edited.emit())
        self.other.clicked.connect(lambda: self.use_paper(not self.field.paper))
        self.retranslate()

    def start(self, *, paper: bool = True) -> None:
        """Wait for a telephone's code; ``paper``: those on paper do as well."""
        self.other.setVisible(paper)
        self.use_paper(False)

    def use_paper(self, on: bool) -> None:
        """Ask for a code on paper, or for the telephone's again."""
        self.field.set_paper(on)
        self.field.setFocus()
        self.retranslate()
        self.edited.emit()

    def again(self) -> None:
        """It was wrong: another one."""
        self.field.clear()
        self.field.setFocus()

    def retranslate(self) -> None:
        """Words in the present language."""
        paper = self.field.paper
        self.label.setText(t("login.paper_code") if paper else t("login.code"))
        self.field.setAccessibleName(self.label.text())
        self.other.setText(t("login.use_phone") if paper else t("login.use_paper"))


class OfferCard(QWidget):
    """What sets up a telephone: a picture to scan, or the secret to type. Forgotten with :meth:`clear`."""

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.scan = role_label("strong", wrap=True)
        self.picture = QLabel()
        self.picture.setObjectName("qr")
        self.picture.setFixedSize(PICTURE, PICTURE)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.by_hand = role_label("dim", wrap=True)
        frame = QFrame()
        frame.setObjectName("card")
        inner = QVBoxLayout(frame)
        inner.setContentsMargins(8, 6, 8, 6)
        self.secret = role_label("value", wrap=True)
        self.secret.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.secret.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        inner.addWidget(self.secret)
        self.then = role_label("strong", wrap=True)
        column.addWidget(self.scan)
        column.addWidget(self.picture, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addWidget(self.by_hand)
        column.addWidget(frame)
        column.addSpacing(4)
        column.addWidget(self.then)
        self.retranslate()

    def show_offer(self, offer: TotpOffer) -> None:
        """Show picture and secret."""
        self.picture.setPixmap(_drawn(offer, max(1.0, self.devicePixelRatioF())))
        self.secret.setText(in_fours(offer.secret))

    def clear(self) -> None:
        """Nothing of it stays."""
        self.picture.clear()
        self.secret.clear()

    def retranslate(self) -> None:
        """Words in the present language."""
        self.scan.setText(t("login.offer_scan"))
        self.picture.setAccessibleName(t("login.offer_picture"))
        self.by_hand.setText(t("login.offer_type"))
        self.secret.setAccessibleName(t("login.offer_secret"))
        self.then.setText(t("login.offer_then"))


def _drawn(offer: TotpOffer, ratio: float) -> QPixmap:
    """The picture with whole pixels for each of its squares, dark on white in either theme: so telephones read it."""
    renderer = QSvgRenderer(QByteArray(offer.svg))
    squares = max(1, renderer.viewBox().width())
    side = squares * max(1, int(PICTURE * ratio) // squares)
    picture = QPixmap(side, side)
    picture.fill(theme().color("oncrit"))  # white by day and by night
    painter = QPainter(picture)
    renderer.render(painter, QRectF(0, 0, side, side))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def in_fours(secret: str) -> str:
    """A long secret in groups, as it is typed without losing one's place."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
