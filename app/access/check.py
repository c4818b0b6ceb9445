"""Is the audit trail whole? What the program and a third party alone at a desk both ask, in one file.

The program imports its functions; the auditor's package carries the file itself, which then checks the package it lies
in, without the program, without a network and without anything but Python 3.9 or newer: ``python3 check.py``.
So it uses the standard library alone, with an Ed25519 verification of its own (RFC 8032).

A row is sealed by SHA-256 over the canonical JSON of its values and of its predecessor's seal. Anchors and the head
(the number and seal of the last row, kept outside the database) are signed: they catch what a chain alone can't, a cut
tail and a chain that somebody wrote anew from some row on.
"""

from __future__ import annotations

import hashlib
import json
import sys
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

GENESIS = "0" * 64
OPTIONAL = ("signed",)  # columns that later versions brought: no part of the seal while they are empty
WINDOW = 1000  # so far from its place a moved row is recognised by its seal
MOST = 20  # findings in a report
DEEDS = ("edited", "deleted", "inserted", "reordered", "rewritten", "tail_cut")  # to the entries themselves

Row = Mapping[str, Any]
Finding = dict[str, Any]
SignedBy = Callable[[str, bytes, str], bool]


def canonical(value: Any) -> bytes:
    """The one way of writing a value down that seals and signatures are made over."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode("utf-8", "surrogatepass")


def seal(row: Row, number: int | None = None) -> str:
    """SHA-256 (hex) of a row without its own ``hash``; as it would be under another number with ``number``."""
    body = {k: v for k, v in row.items() if k != "hash" and not (v is None and k in OPTIONAL)}
    if number is not None:
        body["id"] = number
    try:
        return hashlib.sha256(canonical(body)).hexdigest()
    except (TypeError, ValueError):  # values that the program never writes
        return ""


def holds(row: Row, number: int, before: str) -> bool:
    """Whether a row is the right one at its place."""
    return bool(row["id"] == number and row["prev_hash"] == before and row["hash"] == seal(row))


def fingerprint(public_key: str) -> str:
    """Short name of a public key (hex)."""
    return hashlib.sha256(bytes.fromhex(public_key)).hexdigest()[:16]


def signed_text(what: str, record: Row) -> bytes:
    """What the signature of an anchor or a head is made over; ``what`` keeps one from passing for the other."""
    return canonical({**{k: v for k, v in record.items() if k != "signature"}, "what": what})


def not_genuine(what: str, record: Row, trusted: Mapping[str, str], signed_by: SignedBy) -> str:
    """Why a signed record isn't believed, '' when it is. ``trusted``: fingerprint → public key (hex)."""
    key = trusted.get(str(record.get("key_id")))
    if key is None:
        return f"signed with a key that is not this installation's ({record.get('key_id')})"
    try:
        genuine = signed_by(key, signed_text(what, record), str(record.get("signature")))
    except ValueError:
        genuine = False
    return "" if genuine else "the signature is wrong"


def found(number: int, kind: str, detail: str) -> Finding:
    """A finding: the row's number, what was done, and a sentence."""
    return {"id": number, "kind": kind, "detail": detail}


def classify(
    number: int,
    before: Row | None,
    row: Row,
    after: Row | None,
    heirs: Sequence[Row],
    vouched: Mapping[int, str],
) -> Finding:
    """What happened at the place ``number`` where ``row`` does not hold.

    before, after  its neighbours, by number
    heirs          all rows that name the seal of ``before`` as their predecessor's
    vouched        seals that anchors and head name, by number
    """
    rightful = [heir for heir in heirs if heir["hash"] == seal(heir, number)]
    if row["id"] < number:
        return found(row["id"], "inserted", f"row {row['id']} stands before the first one")
    if row["id"] != number:
        if rightful:
            return found(number, "reordered", f"row {number} now has the number {rightful[0]['id']}")
        missing = f"row {number} is" if row["id"] == number + 1 else f"rows {number} to {row['id'] - 1} are"
        return found(number, "deleted", f"{missing} missing")
    if row["hash"] == seal(row):
        if after is not None and after["prev_hash"] == row["hash"] and before is not None:
            return found(number - 1, "edited", f"row {number} was sealed upon another row {number - 1} than is there")
        if vouched.get(number) == row["hash"] and before is not None:
            return found(number - 1, "edited", f"row {number} was sealed upon another row {number - 1} than is there")
        if after is None and vouched.get(number) is None:
            return found(number, "inserted", f"row {number} does not follow from row {number - 1}")
        return found(number, "edited", f"row {number} names another predecessor than row {number - 1}")
    if before is not None and (row["hash"], row["prev_hash"]) == (before["hash"], before["prev_hash"]):
        return found(number, "inserted", f"row {number} is a copy of row {number - 1}")
    if number not in {heir["id"] for heir in rightful}:
        sealed_as = _sealed_as(row, rightful, number)
        if sealed_as is not None:
            if before is not None and sealed_as < number and row["prev_hash"] == before["prev_hash"]:
                return found(number - 1, "inserted", f"row {number - 1} was put before what is now row {number}")
            if rightful:
                return found(number, "reordered", f"row {number} was sealed as row {sealed_as}")
            if sealed_as > number:
                return found(number, "deleted", f"row {number} is missing; what has its number was row {sealed_as}")
            return found(number, "inserted", f"row {number} repeats row {sealed_as}")
        if rightful:
            return found(number, "inserted", f"row {number} was put before what is now row {rightful[0]['id']}")
    if after is None and vouched and number > max(vouched):
        return found(number, "inserted", f"row {number} came after the last row that the program wrote")
    return found(number, "edited", f"row {number} is not what was sealed")


def _sealed_as(row: Row, rightful: Sequence[Row], number: int) -> int | None:
    """The number that a row had when it was sealed, if that was another one near."""
    near = [heir["id"] for heir in rightful]
    near += [number + step * sign for step in range(1, WINDOW) for sign in (1, -1) if number + step * sign > 0]
    return next((other for other in near if other != number and seal(row, other) == row["hash"]), None)


def judge(
    last_id: int,
    seals: Mapping[int, str],
    broken: Finding | None,
    anchors: Iterable[Row],
    head: Row | None,
    trusted: Mapping[str, str],
    signed_by: SignedBy,
) -> list[Finding]:
    """All findings, first in the trail first: the chain's own (``broken``) and what anchors and head say against it.

    ``last_id``: number of the last row there; ``seals``: hashes of the rows that anchors and head speak of.
    """
    findings = [broken] if broken else []
    whole_to = broken["id"] - 1 if broken else last_id
    sure = 0  # up to here a signature vouches for what is there
    records = [("anchor", anchor) for anchor in sorted(anchors, key=_last_id)]
    records += [("head", head)] if head is not None else []
    for what, record in records:
        doubt = not_genuine(what, record, trusted, signed_by)
        stated = _last_id(record)
        if doubt:
            findings.append(found(stated, f"{what}_forged", f"{what} of row {stated}: {doubt}"))
        elif stated > last_id:
            detail = f"rows {last_id + 1} to {stated} are missing: the {what} of {utc(record['t_us'])} speaks of them"
            findings.append(found(last_id + 1, "tail_cut", detail))
        elif stated <= whole_to and stated and seals.get(stated) != record["last_hash"]:
            detail = (
                f"rows {sure + 1} to {stated} were written anew, at least in part: they chain, but not to the {what}"
            )
            findings.append(found(sure + 1, "rewritten", detail))
        elif stated <= whole_to:
            sure = max(sure, stated)
        if not doubt and record.get("broken"):  # what the program itself found while it ran
            findings.append(dict(record["broken"]))
    return in_order(findings)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """Deeds to the entries before those to anchors, head and files; first in the trail first."""
    rank = {kind: place for place, kind in enumerate(DEEDS)}
    return sorted(findings, key=lambda f: (f["kind"] not in rank, f["id"], rank.get(f["kind"], 0)))


def beyond(head: Row | None, last_id: int) -> list[Finding]:
    """Rows that came after the last one which the program confirmed."""
    if head is None or _last_id(head) >= last_id:
        return []
    first = _last_id(head) + 1
    detail = f"rows {first} to {last_id} were not written by the program, or the machine lost its power after them"
    return [found(first, "inserted", detail)]


def utc(t_us: int) -> str:
    """A time as people read it."""
    return time.strftime("%Y-%m-%d %H:%M:%SZ", time.gmtime(t_us / 1_000_000))


def _last_id(record: Row) -> int:
    value = record.get("last_id")
    return value if isinstance(value, int) else 0


# Ed25519 (RFC 8032, 5.1.7), points in extended coordinates
_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, _P - 2, _P) % _P
_ROOT = pow(2, (_P - 1) // 4, _P)
_Point = tuple[int, int, int, int]


def _add(a: _Point, b: _Point) -> _Point:
    p, q = (a[1] - a[0]) * (b[1] - b[0]) % _P, (a[1] + a[0]) * (b[1] + b[0]) % _P
    r, s = 2 * a[3] * b[3] * _D % _P, 2 * a[2] * b[2] % _P
    e, f, g, h = q - p, s - r, s + r, q + p
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(n: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while n:
        if n & 1:
            total = _add(total, point)
        point, n = _add(point, point), n >> 1
    return total


def _point(data: bytes) -> _Point:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    square = (y * y - 1) * pow(_D * y * y + 1, _P - 2, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if (x * x - square) % _P or y >= _P or (x == 0 and sign):
        raise ValueError("no point of the curve")
    if x & 1 != sign:
        x = _P - x
    return x, y, 1, x * y % _P


_BASE = _point(bytes.fromhex("58" + "66" * 31))


def ed25519_signed_by(public_key: str, message: bytes, signature: str) -> bool:
    """Whether the key (hex) made the signature (hex). Raises ValueError for what is no key or signature at all."""
    key, made = bytes.fromhex(public_key), bytes.fromhex(signature)
    if len(key) != 32 or len(made) != 64:
        return False
    a, r, s = _point(key), _point(made[:32]), int.from_bytes(made[32:], "little")
    if s >= _L:
        return False
    k = int.from_bytes(hashlib.sha512(made[:32] + key + message).digest(), "little") % _L
    left, right = _times(s, _BASE), _add(r, _times(k, a))
    return not (left[0] * right[2] - right[0] * left[2]) % _P and not (left[1] * right[2] - right[1] * left[2]) % _P


class Package:
    """An auditor's package: the zip, or the folder that it was unpacked into."""

    def __init__(self, path: Path) -> None:
        self._zip = None if path.is_dir() else zipfile.ZipFile(path)
        self._path = path

    def names(self) -> list[str]:
        """All files inside."""
        if self._zip is not None:
            return [name for name in self._zip.namelist() if not name.endswith("/")]
        return [str(p.relative_to(self._path).as_posix()) for p in self._path.rglob("*") if p.is_file()]

    def lines(self, name: str) -> Iterator[bytes]:
        """A file line by line. Raises OSError, KeyError."""
        with self._zip.open(name) if self._zip is not None else (self._path / name).open("rb") as stream:
            yield from stream

    def read(self, name: str) -> bytes:
        """A whole file; b'' when there is none."""
        try:
            return b"".join(self.lines(name))
        except (OSError, KeyError):
            return b""

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """One JSON object a line. Raises ValueError."""
        for line in self.lines(name):
            row = json.loads(line)
            if not isinstance(row, dict):
                raise ValueError(f"{name} holds something else than entries")  # noqa: TRY004 - all that is unreadable
            yield row


def check_package(path: Path, key: str = "") -> dict[str, Any]:
    """Check a package; ``key`` is the fingerprint that the auditor knows from elsewhere. Raises OSError, ValueError."""
    package = Package(path)
    manifest = json.loads(package.read("manifest.json") or b"{}")
    public_key = str(manifest.get("public_key", ""))
    findings = _check_files(package, manifest, public_key)
    own = fingerprint(public_key) if public_key else ""
    if key and own != key.lower():
        findings.append(found(0, "other_key", f"the package is signed with {own or 'nothing'}, not with {key}"))
    trusted = {
        fingerprint(str(known)): str(known) for known in [public_key, *manifest.get("earlier_keys", [])] if known
    }
    anchors = list(package.rows("anchors.jsonl")) if "anchors.jsonl" in package.names() else []
    head = json.loads(package.read("head.json") or b"null")
    wanted = {_last_id(record): str(record.get("last_hash")) for record in [*anchors, *([head] if head else [])]}
    count, last_id, seals, broken = _walk(package, wanted)
    findings += judge(last_id, seals, broken, anchors, head, trusted, ed25519_signed_by)
    if count != manifest.get("entries") and not findings:
        findings.append(found(last_id, "tail_cut", f"{count} entries, {manifest.get('entries')} announced"))
    findings = in_order(findings)
    return {
        "ok": not findings,
        "entries": count,
        "first_broken": findings[0] if findings else None,
        "findings": findings[:MOST],
        "anchors": len(anchors),
        "last_anchor_us": max((anchor.get("t_us", 0) for anchor in anchors), default=None),
        "key": own,
        "key_compared": bool(key),
    }


def _check_files(package: Package, manifest: dict[str, Any], public_key: str) -> list[Finding]:
    signature = package.read("manifest.sig").decode("ascii", "replace").strip()
    try:
        genuine = ed25519_signed_by(public_key, package.read("manifest.json"), signature)
    except ValueError:
        genuine = False
    findings = [] if genuine else [found(0, "manifest_forged", "the manifest's signature is wrong")]
    listed = manifest.get("files", {})
    there = set(package.names()) - {"manifest.json", "manifest.sig"}
    for name in sorted(there | set(listed)):
        if name not in there:
            findings.append(found(0, "file_missing", f"{name} is missing"))
        elif name not in listed:
            findings.append(found(0, "file_added", f"{name} is not in the manifest"))
        else:
            digest = hashlib.sha256()
            for line in package.lines(name):
                digest.update(line)
            if digest.hexdigest() != listed[name]["sha256"]:
                findings.append(found(0, "file_changed", f"{name} is not what was signed"))
    return findings


def _walk(package: Package, vouched: Mapping[int, str]) -> tuple[int, int, dict[int, str], Finding | None]:
    count, last_id, seals = 0, 0, {}
    before: dict[str, Any] | None = None
    bad: dict[str, Any] | None = None
    after: dict[str, Any] | None = None
    for row in package.rows("entries.jsonl"):
        count, last_id = count + 1, max(last_id, row["id"])
        if bad is not None:
            after = after or row
        elif holds(row, (before["id"] if before else 0) + 1, before["hash"] if before else GENESIS):
            before = row
            if row["id"] in vouched:
                seals[row["id"]] = row["hash"]
        else:
            bad = row
    if bad is None:
        return count, last_id, seals, None
    last = before["hash"] if before else GENESIS
    heirs = [row for row in package.rows("entries.jsonl") if row["prev_hash"] == last]
    return count, last_id, seals, classify((before["id"] if before else 0) + 1, before, bad, after, heirs, vouched)


def main(arguments: Sequence[str]) -> int:
    """Print a report; 0 whole, 1 not whole, 2 not readable."""
    words = list(arguments)
    key = words.pop(words.index("--key") + 1) if "--key" in words[:-1] else ""
    places = [word for word in words if not word.startswith("-")]
    path = Path(places[0]) if places else Path(__file__).resolve().parent
    try:
        report = check_package(path, key)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        sys.stderr.write(f"{path}: not readable as an auditor's package: {type(error).__name__}: {error}\n")
        return 2
    if "--json" in words:
        sys.stdout.write(json.dumps(report) + "\n")
        return 0 if report["ok"] else 1
    sys.stdout.write(f"entries {report['entries']} · anchors {report['anchors']} · key {report['key']}\n")
    for finding in report["findings"]:
        sys.stdout.write(f"  row {finding['id']}: {finding['kind']}: {finding['detail']}\n")
    sys.stdout.write("WHOLE / 完整\n" if report["ok"] else "NOT WHOLE / 不完整\n")
    if not key:
        sys.stdout.write("Compare the key with the one that the plant gave you / 请与厂方另行提供的公钥指纹核对\n")
    return 0 if report["ok"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
