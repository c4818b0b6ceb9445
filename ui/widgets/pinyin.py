"""Pinyin initials, so that 可燃气 is found by typing "krq". pypinyin is heavy and is loaded at the first search."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=20_000)
def initials(text: str) -> str:
    """First letters of Chinese characters, other characters as they are, lower case: ``1# 罐`` → ``1# g``."""
    if text.isascii():
        return text.lower()
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="default")).lower()


@lru_cache(maxsize=20_000)
def haystack(*texts: str) -> str:
    """Everything a search may match: the texts and their initials, lower case."""
    return "\n".join((*(text.lower() for text in texts), *(initials(text) for text in texts if not text.isascii())))


def matches(query: str, *texts: str) -> bool:
    """True if every word of the query is in the texts or their initials."""
    where = haystack(*texts)
    return all(word in where for word in query.lower().split())
