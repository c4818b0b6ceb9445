"""Known weaknesses in what the program is made of: installed packages against a folder of OSV advisories, offline.

The site brings the advisories (JSON files of the OSV schema in a folder or a zip); the program fetches nothing. Without
them nothing is checked, and that is said plainly rather than called good.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from app.access.bill import Part, normal

ECOSYSTEM = "PyPI"
MAX_FILE = 5_000_000  # bytes of one advisory
_VERSION = re.compile(
    r"v?(?:(?P<epoch>\d+)!)?(?P<release>\d+(?:\.\d+)*)"
    r"(?:[-_.]?(?P<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?P<pre_n>\d*))?"
    r"(?P<post>-(?P<post_n1>\d+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_n2>\d*))?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_n>\d*))?(?:\+[a-z0-9._-]+)?",
    re.IGNORECASE,
)
_PRE = {"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}
_LAST = ("~",)  # sorts after every pre-release


class AdvisoryError(ValueError):
    """The advisories can't be read; the message says which and why."""


class Weakness(msgspec.Struct, frozen=True, kw_only=True):
    """An installed package that an advisory speaks of; ``fixed`` names the versions that mend it."""

    package: str
    version: str
    advisory: str
    aliases: tuple[str, ...] = ()
    summary: str = ""
    severity: str = ""
    fixed: tuple[str, ...] = ()


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome: how many advisories were read against how many packages, and what was found.

    ``modified`` is the newest change among the advisories (their own text): how fresh they are.
    """

    advisories: int
    packages: int
    weaknesses: tuple[Weakness, ...]
    modified: str = ""

    @property
    def ok(self) -> bool:
        """Something was checked and nothing was found."""
        return self.advisories > 0 and not self.weaknesses


def check_advisories(source: Path, parts: list[Part]) -> Checked:
    """Hold packages against the advisories in a folder or zip. Raises AdvisoryError, OSError."""
    by_name = {part.name: part for part in parts}
    count, modified = 0, ""
    found: list[Weakness] = []
    for name, content in _files(source):
        try:
            advisory = msgspec.json.decode(content, type=dict[str, Any])
        except msgspec.DecodeError as error:
            raise AdvisoryError(f"{name} is no OSV advisory: {error}") from error
        if not isinstance(advisory.get("id"), str):
            raise AdvisoryError(f"{name} is no OSV advisory: it has no id")
        count += 1
        modified = max(modified, str(advisory.get("modified", "")))
        if not advisory.get("withdrawn"):
            found += _weaknesses(advisory, by_name)
    found.sort(key=lambda weakness: (weakness.package, weakness.advisory))
    return Checked(advisories=count, packages=len(parts), weaknesses=tuple(found), modified=modified)


def version_key(version: str) -> tuple[Any, ...]:
    """Sorts versions as PEP 440 orders them (local parts aside). Raises ValueError for what is no version."""
    match = _VERSION.fullmatch(version.strip())
    if match is None:
        raise ValueError(f"{version!r} is no version")
    release = [int(n) for n in match["release"].split(".")]
    while len(release) > 1 and release[-1] == 0:
        release.pop()
    pre: tuple[Any, ...] = _LAST
    if match["pre"]:
        word = match["pre"].lower()
        pre = (_PRE.get(word, word), int(match["pre_n"] or 0))
    elif match["dev"] and not match["post"]:
        pre = ("",)  # a development release of the version itself comes before its pre-releases
    post = int(match["post_n1"] or match["post_n2"] or 0) if match["post"] else -1
    dev = int(match["dev_n"] or 0) if match["dev"] else float("inf")
    return int(match["epoch"] or 0), tuple(release), pre, post, dev


def _weaknesses(advisory: dict[str, Any], parts: dict[str, Part]) -> Iterator[Weakness]:
    hit: dict[str, set[str]] = {}
    for affected in advisory.get("affected", []):
        about = affected.get("package", {})
        part = parts.get(normal(str(about.get("name", ""))))
        if part is None or str(about.get("ecosystem", "")).partition(":")[0] != ECOSYSTEM:
            continue
        if _concerns(affected, part.version):
            hit.setdefault(part.name, set()).update(_fixes(affected, part.version))
    for name, fixed in hit.items():
        specific = advisory.get("database_specific") or {}
        yield Weakness(
            package=name,
            version=parts[name].version,
            advisory=advisory["id"],
            aliases=tuple(map(str, advisory.get("aliases", []))),
            summary=str(advisory.get("summary") or advisory.get("details", ""))[:200],
            severity=str(specific.get("severity") or next((s["score"] for s in advisory.get("severity", [])), "")),
            fixed=tuple(sorted(fixed, key=_sortable)),
        )


def _concerns(affected: dict[str, Any], version: str) -> bool:
    if any(_sortable(version) == _sortable(str(listed)) for listed in affected.get("versions", [])):
        return True
    here = _sortable(version)
    return any(_inside(span.get("events", []), here) for span in _spans(affected))


def _inside(events: list[dict[str, str]], here: tuple[Any, ...]) -> bool:
    """Whether a version lies in a range of OSV events, read in the order of their versions."""
    inside = False
    moments = [(_start(version), kind) for event in events for kind, version in event.items() if kind != "limit"]
    for at, kind in sorted(moments, key=lambda moment: moment[0]):
        if kind == "introduced" and here >= at:
            inside = True
        elif (kind == "fixed" and here >= at) or (kind == "last_affected" and here > at):
            inside = False
    return inside


def _fixes(affected: dict[str, Any], version: str) -> set[str]:
    named = {event["fixed"] for span in _spans(affected) for event in span.get("events", []) if "fixed" in event}
    return {fixed for fixed in named if _sortable(fixed) > _sortable(version)}


def _spans(affected: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (span for span in affected.get("ranges", []) if span.get("type") == "ECOSYSTEM")


def _start(version: str) -> tuple[Any, ...]:
    return (-1,) if version == "0" else _sortable(version)


def _sortable(version: str) -> tuple[Any, ...]:
    try:
        return version_key(version)
    except ValueError:
        return (-1, version)  # an old name that is no version: equal to itself alone


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            if path.stat().st_size > MAX_FILE:
                raise AdvisoryError(f"{path} is bigger than an advisory is")
            yield str(path), path.read_bytes()
        return
    try:
        with zipfile.ZipFile(source) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith(".json"):
                    if entry.file_size > MAX_FILE:
                        raise AdvisoryError(f"{entry.filename} is bigger than an advisory is")
                    yield entry.filename, archive.read(entry)
    except zipfile.BadZipFile as error:
        raise AdvisoryError(f"{source} is neither a folder nor a zip of advisories") from error
