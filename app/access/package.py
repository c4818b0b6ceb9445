"""The auditor's package: the whole trail and what is needed to judge it, signed, in one zip that is checked offline.

A third party gets entries, anchors and head, who held which rights, the configuration without secrets, versions and the
bill of materials, and a script that checks all of it with Python alone. The manifest names every file with its SHA-256
and is signed with the installation's key; the auditor compares the key's fingerprint with one got another way.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import sqlite3
import tomllib
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, inspect, make_url, text
from sqlalchemy.exc import ArgumentError

from app.access import check
from app.access.anchors import Signer, read_head, stored_anchors
from app.access.bill import bill_of_materials
from app.access.verification import Read, snapshot, trail_rows, verify
from app.config import Config
from app.paths import resource_path
from models.anchors import Packed, TrailReport

#: What an auditor sees of people and rights: columns by table, nothing that is a secret.
RIGHTS: dict[str, tuple[str, ...]] = {
    "user_account": ("id", "login", "name", "active", "must_change", "locked_until_us", "created_us"),
    "role": ("id", "code", "name", "name_en", "ready"),
    "role_right": ("role_id", "action"),
    "role_assignment": ("user_id", "role_id", "zone", "until_us", "granted_us", "granted_by", "reason"),
    "signature_rule": ("danger", "password", "second"),
    "session": ("id", "user_id", "station", "opened_us", "closed_us"),
}
_SECRET = re.compile(r"passw|secret|token|credential", re.IGNORECASE)
_NAMES_A_SECRET = re.compile(r"_env$")
_STEP = 5000

README = """安瞰 Ankan 审计包 · auditor's package

1. 用可信来源的 Python（3.9 或更新）检查，不需要联网，也不需要本程序：
   python3 -I -S check.py --key {key_id}
   （或不解压：python3 -I -S check.py 包名.zip）
2. 公钥指纹 {key_id} 须与厂方另行（纸面、电话）告知的一致；check.py 本身最好也取自可信来源。
3. 结论 “完整” 表示：每条留痕从写入起未被改动、删除、插入、调换，末尾未被截断，文件与签名的清单一致。

1. Check with a Python (3.9 or newer) that you trust; neither a network nor the program is needed:
   python3 -I -S check.py --key {key_id}
   (or without unpacking: python3 -I -S check.py PACKAGE.zip)
2. The key's fingerprint {key_id} must be the one that the plant gave you another way (on paper, by telephone);
   best take check.py, too, from a source that you trust.
3. WHOLE means: no entry was changed, removed, put in or moved since it was written, the tail was not cut, and all files
   are those of the signed manifest.

entries.jsonl       留痕，每行一条，含前后值和链 · the trail, one entry a line with before, after and chain
anchors.jsonl       签名锚点 · signed anchors
head.json           数据库之外保存的链尾 · the end of the chain as kept outside the database
verification.json   打包时的核验结果 · outcome of the verification when this was packed
rights.json         人员账号、角色、权限、授予、会话 · accounts, roles, rights, grants, sessions
configuration.json  本站配置（无密码）· the station's configuration, without secrets
versions.json       软件与规则版本 · versions of software and rules
sbom.cdx.json       软件物料清单（CycloneDX 1.6）· software bill of materials
public_key.txt      公钥与指纹 · public key and fingerprint
manifest.json/.sig  文件清单与签名 · list of files, and its signature
"""


def write_package(
    path: Path,
    *,
    read: Read,
    signer: Signer,
    head: Path,
    copies: list[Path],
    config: Config,
    version: str,
    now_us: int,
    step: Callable[[int, int], None] = lambda _done, _total: None,
) -> Packed:
    """Write the package whole beside its place and move it there; for worker threads, beside a running engine.

    A trail that is not whole is packed all the same, and the package says so. ``version`` is the program's. Raises
    OSError, SQLAlchemyError, or what ``step`` (done, of how many) raises to stop.
    """
    trusted = {signer.key_id: signer.public_key}
    report = verify(read, head=head, copies=copies, trusted=trusted, step=lambda done, total: step(done, 2 * total))
    scratch = path.with_name(path.name + ".part")
    scratch.unlink(missing_ok=True)
    try:
        handle = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(handle, "w+b") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
                entries = _Writer(archive, signer, now_us).all_of(
                    read, read_head(head, trusted), report, config, version, step
                )
            file.flush()
            os.fsync(file.fileno())
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)
    return Packed(path=str(path), entries=entries, bytes=size, key=signer.key_id, trail=report, sha256=digest)


class _Writer:
    """Puts files into the zip and remembers their sums for the manifest."""

    def __init__(self, archive: zipfile.ZipFile, signer: Signer, now_us: int) -> None:
        self._archive, self._signer, self._now_us = archive, signer, now_us
        self._files: dict[str, dict[str, Any]] = {}

    def all_of(
        self,
        read: Read,
        head: dict[str, Any] | None,
        report: TrailReport,
        config: Config,
        version: str,
        step: Callable[[int, int], None],
    ) -> int:
        with read() as connection, snapshot(connection):
            total = connection.execute(text("SELECT count(*) FROM audit_entry")).scalar_one()
            entries = self._entries(connection, lambda done: step(total + done, 2 * total))
            anchors = stored_anchors(connection)
            self._lines("anchors.jsonl", (check.canonical(anchor) for anchor in anchors))
            self._json("rights.json", rights_of(connection))
            self._json("versions.json", versions(connection, version))
        self._json("head.json", head)
        self._json("verification.json", msgspec.to_builtins(report))
        self._json("configuration.json", without_secrets(config))
        self._put("sbom.cdx.json", bill_of_materials(version, self._now_us))
        self._put("public_key.txt", f"{self._signer.public_key}\n{self._signer.key_id}\n".encode())
        self._put("README.txt", README.format(key_id=self._signer.key_id).encode())
        self._put("check.py", Path(check.__file__).with_suffix(".py").read_bytes())
        manifest = {
            "format": 1,
            "program": f"ankan {version}",
            "site": config.site,
            "station": config.station,
            "created_us": self._now_us,
            "entries": entries,
            "key_id": self._signer.key_id,
            "public_key": self._signer.public_key,
            "files": self._files,
        }
        content = _pretty(manifest)
        self._archive.writestr("manifest.json", content)
        self._archive.writestr("manifest.sig", self._signer.sign_text(content) + "\n")
        return entries

    def _entries(self, connection: Connection, step: Callable[[int], None]) -> int:
        count = 0

        def lines() -> Iterable[bytes]:
            nonlocal count
            for row in trail_rows(connection):
                count += 1
                if count % _STEP == 0:
                    step(count)
                yield json.dumps(row, sort_keys=True, separators=(",", ":"), default=repr).encode()

        self._lines("entries.jsonl", lines())
        return count

    def _lines(self, name: str, lines: Iterable[bytes]) -> None:
        digest, size = hashlib.sha256(), 0
        with self._archive.open(name, "w", force_zip64=True) as file:
            for line in lines:
                digest.update(line + b"\n")
                size += file.write(line + b"\n")
        self._files[name] = {"sha256": digest.hexdigest(), "size": size}

    def _put(self, name: str, content: bytes) -> None:
        self._archive.writestr(name, content)
        self._files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}

    def _json(self, name: str, value: Any) -> None:
        self._put(name, _pretty(value))


def rights_of(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Accounts, roles, rights, grants and sessions as they are now, without any secret. Raises SQLAlchemyError."""
    about = inspect(connection)
    found = {}
    for table, wanted in RIGHTS.items():
        if not about.has_table(table):
            continue
        there = {column["name"] for column in about.get_columns(table)}
        names = [name for name in wanted if name in there]
        quoted = ", ".join(f'"{name}"' for name in names)
        rows = connection.execute(text(f"SELECT {quoted} FROM {table} ORDER BY 1, 2"))
        found[table] = [dict(row._mapping) for row in rows]
    return found


def without_secrets(config: Config) -> dict[str, Any]:
    """The configuration as plain values; passwords in URLs and whatever is called a secret are blotted out."""
    plain: dict[str, Any] = _blotted(msgspec.to_builtins(config, enc_hook=str))
    url = plain.get("store", {}).get("url")
    if url:
        with contextlib.suppress(ArgumentError):
            parsed = make_url(url)
            query = {k: "hidden" if _SECRET.search(k) else v for k, v in parsed.query.items()}
            url = parsed.set(query=query).render_as_string(hide_password=True)
        plain["store"]["url"] = url
    return plain


def versions(connection: Connection, version: str) -> dict[str, Any]:
    """Of the program, the schema, the database, Python and the rule packs. Raises SQLAlchemyError."""
    if connection.dialect.name == "sqlite":
        database = f"SQLite {sqlite3.sqlite_version}"
    else:
        database = str(connection.execute(text("SHOW server_version")).scalar())
        database = f"PostgreSQL {database}"
    packs = {}
    for pack in sorted(resource_path("rules").glob("*.toml")):
        packs[pack.name] = str(tomllib.loads(pack.read_text("utf-8")).get("version", ""))
    return {
        "program": version,
        "schema": connection.execute(text("SELECT version_num FROM alembic_version")).scalar(),
        "database": database,
        "python": platform.python_version(),
        "system": platform.platform(),
        "rules": packs,
    }


def _blotted(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            k: "***" if _SECRET.search(k) and not _NAMES_A_SECRET.search(k) and v else _blotted(v)
            for k, v in value.items()
        }
    return [_blotted(each) for each in value] if isinstance(value, list | tuple) else value


def _pretty(value: Any) -> bytes:
    return (json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
