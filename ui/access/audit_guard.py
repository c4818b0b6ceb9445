"""The guard of the trail in words: what a finding means and what to do, warnings, how long ago the last anchor was."""

from __future__ import annotations

import re

from models.anchors import GuardStatus
from ui.i18n import age_text, has, stamp_text, t

_WARNINGS = (
    ("no_key", re.compile(r"the trail has no key yet")),
    ("copy", re.compile(r"a copy of the anchors can't be read: (?P<detail>.*)", re.DOTALL)),
    ("lacks", re.compile(r"(?P<path>.*) lacks (?P<n>\d+) of (?P<total>\d+) anchors", re.DOTALL)),
)


def kind_text(kind: str) -> str:
    """What was done, in a word."""
    key = f"trail.kind.{kind}"
    return t(key) if has(key) else kind


def meaning_text(kind: str) -> str:
    """What a finding of this kind means."""
    key = f"trail.means.{kind}"
    return t(key) if has(key) else ""


def todo_text(kind: str) -> str:
    """What to do about it."""
    key = f"trail.do.{kind}"
    return t(key) if has(key) else t("trail.do.other")


def warning_text(warning: str) -> str:
    """A warning of the verification in the person's language; as it is when there is no word for it."""
    for code, form in _WARNINGS:
        found = form.match(warning)
        if found:
            return t(f"trail.warning.{code}", **found.groupdict())
    return warning


def anchor_text(anchor_us: int | None, now_us: int) -> str:
    """When the last anchor was made, and how long ago."""
    if anchor_us is None:
        return t("trail.no_anchor")
    return t("trail.anchored", time=stamp_text(anchor_us), age=age_text(now_us - anchor_us))


def status_text(status: GuardStatus, now_us: int) -> str:
    """One line for the header."""
    if status.trouble:
        return t("trail.trouble")
    if status.last_anchor_us is None:
        return t("trail.no_anchor")
    return t("trail.guarded", age=age_text(now_us - status.last_anchor_us))
