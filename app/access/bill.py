"""What the program is made of: a software bill of materials (CycloneDX 1.6) of what is really installed here.

Read from the installed packages' own metadata, so that it can't differ from what runs: the program's dependencies and
theirs, with version, licence, package URL, who needs whom, and the SHA-256 of the wheel where the lock file knows it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from app.paths import project_root

NAME = "ankan"
LICENCE = "Apache-2.0"
_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[([^]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """An installed package: ``needs`` names others that are installed; ``sha256`` of its wheel, '' where unknown."""

    name: str
    version: str
    licence: str = ""
    summary: str = ""
    needs: tuple[str, ...] = ()
    sha256: str = ""


def normal(name: str) -> str:
    """The name as the ecosystem compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def parts(root: Path | None = None) -> tuple[list[Part], list[str]]:
    """The program's packages by name, and which of them it names itself.

    Without the project file (a frozen program) all that is installed is what the program is made of.
    """
    root = root or project_root()
    installed = {normal(each.name): each for each in metadata.distributions() if each.name}
    project = root / "pyproject.toml"
    if not project.is_file():
        return [_part(each, installed, {}) for _, each in sorted(installed.items())], sorted(installed)
    named = tomllib.loads(project.read_text("utf-8"))["project"]["dependencies"]
    hashes = _hashes(root / "uv.lock")
    found: dict[str, Part] = {}
    waiting = list(_required(named, frozenset()))
    asked: set[tuple[str, frozenset[str]]] = set()
    direct = sorted({name for name, _ in waiting if name in installed})
    while waiting:
        name, extras = waiting.pop()
        if name not in installed or (name, extras) in asked:
            continue
        asked.add((name, extras))
        before = found.get(name)
        part = _part(installed[name], installed, hashes, extras)
        needs = sorted({*part.needs, *(before.needs if before else ())})
        found[name] = msgspec.structs.replace(part, needs=tuple(needs))
        waiting += _required(installed[name].requires or [], extras)
    return [found[name] for name in sorted(found)], direct


def bill_of_materials(version: str, t_us: int, root: Path | None = None) -> bytes:
    """The bill as CycloneDX 1.6 JSON; ``t_us`` is its time in UTC microseconds."""
    from datetime import UTC, datetime

    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output.json import JsonV1Dot6
    from packageurl import PackageURL

    licences = LicenseFactory()

    def licensed(text: str) -> list[Any]:
        return [licences.make_from_string(text)] if text else []

    program = Component(
        type=ComponentType.APPLICATION, name=NAME, version=version, bom_ref=NAME, licenses=licensed(LICENCE)
    )
    found, direct = parts(root)
    components = {
        part.name: Component(
            type=ComponentType.LIBRARY,
            name=part.name,
            version=part.version,
            description=part.summary or None,
            purl=(purl := PackageURL("pypi", name=part.name, version=part.version)),
            bom_ref=purl.to_string(),
            licenses=licensed(part.licence),
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=part.sha256)] if part.sha256 else (),
        )
        for part in found
    }
    when = datetime.fromtimestamp(t_us / 1_000_000, UTC)
    bom = Bom(components=components.values(), metadata=BomMetaData(component=program, timestamp=when))
    bom.register_dependency(program, [components[name] for name in direct])
    for part in found:
        bom.register_dependency(components[part.name], [components[n] for n in part.needs if n in components])
    return str(JsonV1Dot6(bom).output_as_string(indent=2)).encode()


def _part(
    package: metadata.Distribution,
    installed: dict[str, metadata.Distribution],
    hashes: dict[str, dict[str, str]],
    extras: frozenset[str] = frozenset(),
) -> Part:
    name = normal(package.name)
    needs = {needed for needed, _ in _required(package.requires or [], extras) if needed in installed}
    return Part(
        name=name,
        version=package.version,
        licence=_licence(package),
        summary=package.metadata["Summary"].strip()[:200] if "Summary" in package.metadata else "",
        needs=tuple(sorted(needs)),
        sha256=_wheel_hash(package, hashes.get(f"{name} {package.version}", {})),
    )


def _required(requirements: list[str], extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Names and wanted extras; what belongs to an extra that nobody wants is left out.

    Other markers are not weighed: what they rule out is not installed, and what isn't installed is no part.
    """
    for requirement in requirements:
        words, _, marker = requirement.partition(";")
        extra = _EXTRA.search(marker)
        match = _REQUIREMENT.match(words)
        if match is None or (extra is not None and normal(extra[1]) not in extras):
            continue
        wanted = frozenset(normal(each.strip()) for each in (match[2] or "").split(",") if each.strip())
        yield normal(match[1]), wanted


def _licence(package: metadata.Distribution) -> str:
    """The expression, else a short licence line, else what the classifiers say."""
    about = package.metadata
    if "License-Expression" in about:
        return about["License-Expression"]
    line = about["License"].strip() if "License" in about else ""
    if line and "\n" not in line and len(line) <= 80 and line.upper() != "UNKNOWN":
        return line
    classes = [c.rpartition(" :: ")[2] for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return " / ".join(classes)


def _hashes(lock: Path) -> dict[str, dict[str, str]]:
    """'name version' → wheel file → SHA-256, from the lock file; {} without one."""
    if not lock.is_file():
        return {}
    found: dict[str, dict[str, str]] = {}
    for package in tomllib.loads(lock.read_text("utf-8")).get("package", []):
        wheels = {
            wheel["url"].rpartition("/")[2]: wheel["hash"].removeprefix("sha256:")
            for wheel in package.get("wheels", [])
            if wheel.get("hash", "").startswith("sha256:")
        }
        found[f"{normal(package['name'])} {package.get('version', '')}"] = wheels
    return found


def _wheel_hash(package: metadata.Distribution, wheels: dict[str, str]) -> str:
    """That of the wheel with the tags of what is installed."""
    lines = (package.read_text("WHEEL") or "").splitlines()
    tags = {line.removeprefix("Tag:").strip() for line in lines if line.startswith("Tag:")}
    for file, digest in wheels.items():
        pythons, abis, platforms = file.removesuffix(".whl").split("-")[-3:]
        if any(
            f"{p}-{a}-{m}" in tags for p in pythons.split(".") for a in abis.split(".") for m in platforms.split(".")
        ):
            return digest
    return ""
