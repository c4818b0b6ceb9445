"""Masks for personal data: what a list, an export, a log line or an interface may show of it.

A mask says that there is a value and lets two people on the telephone check that they mean the same one; it never lets
anybody reach or recognise a person. What can't be masked with sense is hidden as a whole. Nothing but text is needed
here, so that logging, at the bottom of the house, can use it too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

HIDDEN = "***"
#: Surnames of two characters, the ones in use (百家姓 and common ones beside it).
_COMPOUND = (
    "欧阳 司马 上官 诸葛 夏侯 皇甫 尉迟 公孙 慕容 令狐 长孙 宇文 司徒 司空 端木 东方 独孤 南宫 万俟 闻人 赫连 澹台 公冶 宗政 濮阳 淳于 "
    "单于 太叔 申屠 公羊 轩辕 钟离 闾丘 东郭 南门 呼延 鲜于 拓跋 百里 东野 西门 第五 左丘 梁丘 谷梁 歐陽 司馬 諸葛 夏侯"
)
COMPOUND = frozenset(_COMPOUND.split())
_ID_PARTS = r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
_ID_TEXT = re.compile(rf"(?<![0-9A-Za-z]){_ID_PARTS}(?![0-9A-Za-z])")
_PHONE_TEXT = re.compile(
    r"(?<![\d.])(?P<land>\+?86[ -]?)?(?P<a>1[3-9]\d)[ -]?(?P<b>\d{4})[ -]?(?P<c>\d{4})(?![\d.]\d|\d)"
)
_WORD = r"[^\d\s路街道巷弄号村镇乡小社园()（）,，、]"  # no part of what lies below a district
_REGION = re.compile(
    rf"(?:{_WORD}{{1,8}}?(?:省|自治区|特别行政区))?(?:{_WORD}{{1,8}}?(?:市|自治州|地区|盟))?(?:{_WORD}{{1,8}}?(?:区|县|市|旗))?"
)
_HAN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003134f]")


def mask_name(name: str) -> str:
    """张三 → 张*, 欧阳修 → 欧阳*, 阿卜杜拉·买买提 → 阿***·***, John Smith → J*** S****; one character → *."""
    name = " ".join(name.split())
    if not name:
        return ""
    if not _HAN.search(name) or "·" in name:
        return re.sub(r"[^\s·.\-']+", _initial(), name)
    name = name.replace(" ", "")
    kept = 2 if len(name) > 2 and name[:2] in COMPOUND else 1
    return "*" if len(name) == 1 else name[:kept] + "*" * (len(name) - kept)


def _initial() -> Callable[[re.Match[str]], str]:
    """Keeps the first letter of each word, and of foreign names in characters that of the first part only."""
    seen = 0

    def masked(match: re.Match[str]) -> str:
        nonlocal seen
        seen += 1
        word = match.group()
        if len(word) == 1 or (seen > 1 and _HAN.search(word)):
            return "*" * len(word)
        return word[0] + "*" * (len(word) - 1)

    return masked


def mask_phone(phone: str) -> str:
    """13812345678 → 138****5678, 010-62345678 → 010****5678; below eight digits everything is hidden."""
    international = phone.strip().startswith(("+86", "0086"))
    digits = "".join(c for c in phone if c.isascii() and c.isdigit())
    if international or (len(digits) == 13 and digits.startswith("861")):
        digits = digits.removeprefix("00").removeprefix("86")
    if not digits:
        return HIDDEN if phone.strip() else ""
    if len(digits) < 8:
        return "*" * len(digits)
    if len(digits) < 11:
        return "*" * (len(digits) - 2) + digits[-2:]
    shown = digits[:3] + "*" * (len(digits) - 7) + digits[-4:]
    return f"+86 {shown}" if international else shown


def mask_id(number: str) -> str:
    """330102199001011234 → 3301**********1234; passports and the like keep two characters at each end."""
    number = "".join(number.split())
    if len(number) in (15, 18) and number[:-1].isalnum():
        return number[:4] + "*" * (len(number) - 8) + number[-4:]
    return number[:2] + "*" * (len(number) - 4) + number[-2:] if len(number) >= 8 else "*" * len(number)


def mask_address(address: str) -> str:
    """浙江省杭州市西湖区文三路 1 号 → 浙江省杭州市西湖区***: down to the district, at most."""
    match = _REGION.match(address.strip())
    return (match.group() if match else "") + HIDDEN if address.strip() else ""


def mask_mail(mail: str) -> str:
    """zhang.san@example.com → z***@example.com."""
    name, at, host = mail.strip().rpartition("@")
    return (name[:1] if len(name) > 1 else "") + HIDDEN + at + host if at else HIDDEN if mail.strip() else ""


def mask_date(date: str) -> str:
    """A date of birth is hidden as a whole, as the masked identity number hides it too."""
    return "****-**-**" if date.strip() else ""


def hide(value: str) -> str:
    """Nothing but that there is something."""
    return HIDDEN if value else ""


#: How each private field is masked; what is not named here is hidden as a whole.
MASKS: dict[str, Callable[[str], str]] = {
    "name": mask_name,
    "id_number": mask_id,
    "phone": mask_phone,
    "address": mask_address,
    "mail": mask_mail,
    "birth_date": mask_date,
    "emergency_contact": mask_name,
    "emergency_phone": mask_phone,
}


def mask(field: str, value: str) -> str:
    """The value of a private field as it may be shown to everybody."""
    return MASKS.get(field, hide)(value)


def mask_text(text: str) -> str:
    """Free text (a log line, a message) with identity numbers and mobile telephone numbers masked."""
    if not any(c.isdigit() for c in text):
        return text
    text = _ID_TEXT.sub(lambda m: mask_id(m.group()), text)
    return _PHONE_TEXT.sub(lambda m: f"{m['land'] or ''}{m['a']}****{m['c']}", text)


def mask_event(_logger: Any, _method: str, event: Any) -> Any:
    """Processor of structlog: personal numbers in any text of the event are masked, however deep they lie."""
    for key, value in event.items():
        event[key] = _deep(value)
    return event


def _deep(value: Any) -> Any:
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, Mapping):
        return {key: _deep(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple) and type(value) in (list, tuple):
        return type(value)(_deep(inner) for inner in value)
    return value
