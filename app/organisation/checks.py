"""What a cell or a form may hold: codes, days, identity numbers, telephone numbers. Pure, for imports and handlers alike."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from models.organisation import day_us
from models.privacy import PrivateField

MOST_CODE, MOST_NAME, MOST_PRIVATE = 64, 120, 500
_CODE = re.compile(rf"[^\s/,;|\x00-\x1f]{{1,{MOST_CODE}}}")
_DAY = re.compile(r"(\d{4})\s*[-/.年]?\s*(\d{1,2})\s*[-/.月]?\s*(\d{1,2})\s*日?(?:[T ]00:00(?::00)?)?")
_BLOOD = re.compile(r"(?:A|B|AB|O)(?:\s*型)?(?:\s*(?:RH)?\s*[(（]?[+-][)）]?)?", re.IGNORECASE)
_MAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def good_code(text: str) -> bool:
    """A code: 1 to 64 printable characters without spaces, '/', ',', ';' or '|'."""
    return bool(_CODE.fullmatch(text)) and text.isprintable()


def good_name(text: str, most: int = MOST_NAME) -> bool:
    """1 to ``most`` printable characters."""
    return 0 < len(text) <= most and text.isprintable()


def read_day(cell: Any) -> int | None:
    """A day of a cell (a real date, 2026-03-01, 2026/3/1, 20260301, 2026年3月1日) as stored. Raises ValueError."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, date):
        day = cell
    else:
        match = _DAY.fullmatch(str(cell).strip())
        if match is None:
            raise ValueError(str(cell))
        day = date(*(int(part) for part in match.groups()))
    if not 1900 <= day.year <= 2200:
        raise ValueError(str(cell))
    return day_us(day)


def good_id_number(number: str) -> bool:
    """A Chinese identity number with its check digit (GB 11643), or a document of 5 to 18 letters and digits."""
    if re.fullmatch(r"\d{17}[\dXx]", number):
        total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number[:17], strict=True))
        try:
            date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        except ValueError:
            return False
        return "10X98765432"[total % 11] == number[17].upper()
    return bool(re.fullmatch(r"(?=.*[A-Za-z])[A-Za-z0-9()]{5,18}", number))


def good_phone(number: str) -> bool:
    """A mobile number, or 3 to 15 digits with the usual marks between them."""
    bare = re.sub(r"[\s()\-]", "", number)
    return bool(re.fullmatch(r"\+?\d{3,15}", bare)) and not re.fullmatch(r"1[3-9]\d{1,8}|1[3-9]\d{10,}", bare)


def wrong_private(field: PrivateField, value: str) -> str | None:
    """Why a private value can't be (a code: too_long, id_number, phone, day, mail, blood_type), or None."""
    if len(value) > MOST_PRIVATE or any(not c.isprintable() and c != "\n" for c in value):
        return "too_long"
    match field:
        case PrivateField.NAME | PrivateField.EMERGENCY_CONTACT:
            return None if good_name(value) else "too_long"
        case PrivateField.ID_NUMBER:
            return None if good_id_number(value) else "id_number"
        case PrivateField.PHONE | PrivateField.EMERGENCY_PHONE:
            return None if good_phone(value) else "phone"
        case PrivateField.MAIL:
            return None if _MAIL.fullmatch(value) else "mail"
        case PrivateField.BLOOD_TYPE:
            return None if _BLOOD.fullmatch(value) else "blood_type"
        case PrivateField.BIRTH_DATE:
            try:
                read_day(value)
            except ValueError:
                return "day"
    return None
