"""Real servers for tests, on free ports of 127.0.0.1, from Debian's packages. A missing server is a failure."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def need(program: str) -> str:
    """Path of a program that `make test` installs; fails the test when it is missing."""
    found = shutil.which(program, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if found is None:
        pytest.fail(f"{program} is missing: run `make test`, which installs it")
    return found


def wait_for(condition, timeout: float = 10.0, what: str = "condition"):  # type: ignore[no-untyped-def]
    """Wait for something another process or thread does; returns its truthy value."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.01)
    pytest.fail(f"{what} did not come true in {timeout} s")


def listening(port: int) -> bool:
    """True when something accepts connections there."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Mosquitto:
    """A mosquitto of our own. ``options`` are lines of its configuration."""

    def __init__(
        self,
        directory: Path,
        options: Sequence[str] = (),
        *,
        users: dict[str, str] | None = None,
        tls: dict[str, Path] | None = None,
    ) -> None:
        self.directory = directory
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        lines = [
            f"listener {self.port} 127.0.0.1",
            "persistence false",
            "max_queued_messages 0",
            "max_inflight_messages 0",
            "log_type error",
            "log_type warning",
        ]
        if users:
            passwords = directory / "passwords"
            passwords.touch(mode=0o600)
            for user, password in users.items():
                subprocess.run(
                    [need("mosquitto_passwd"), "-b", str(passwords), user, password], check=True, capture_output=True
                )
            passwords.chmod(0o644)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines.append("allow_anonymous true")
        if tls:
            lines += [
                f"cafile {tls['ca']}",
                f"certfile {tls['server_certificate']}",
                f"keyfile {tls['server_key']}",
                "require_certificate true",
            ]
        if os.geteuid() == 0:
            lines.append("user root")
        lines += options
        self.config = directory / "mosquitto.conf"
        self.config.write_text("\n".join(lines) + "\n")

    def start(self) -> Mosquitto:
        """Start and wait until it listens."""
        log = (self.directory / "mosquitto.log").open("ab")
        with log:
            self.process = subprocess.Popen([need("mosquitto"), "-c", str(self.config)], stdout=log, stderr=log)
        wait_for(lambda: listening(self.port), what="mosquitto")
        return self

    def stop(self) -> None:
        """End it by pid."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def kill(self) -> None:
        """End it without a goodbye."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Half-open: the connection stands but nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def publish(self, topic: str, lines: Sequence[str], *args: str, qos: int = 1) -> None:
        """mosquitto_pub, one message a line."""
        subprocess.run(
            [need("mosquitto_pub"), "-h", "127.0.0.1", "-p", str(self.port), "-q", str(qos), "-t", topic, "-l", *args],
            input="\n".join(lines).encode() + b"\n",
            check=True,
            capture_output=True,
        )


class PostgreSQL:
    """A throw-away cluster."""

    def __init__(self) -> None:
        bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not bins:
            pytest.fail("PostgreSQL is missing: run `make test`, which installs it")
        self._bin = bins[-1].parent
        self._directory = Path(tempfile.mkdtemp(prefix="ankan-pg-"))
        self.port = free_port()

    def _run(self, *command: str) -> None:
        if os.geteuid() == 0:
            quoted = " ".join(f"'{part}'" for part in command)
            command = ("su", "postgres", "-s", "/bin/sh", "-c", quoted)
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
        if done.returncode:
            pytest.fail(f"{command}: {done.stdout}{done.stderr}")

    def start(self) -> PostgreSQL:
        """Make the cluster and start it."""
        if os.geteuid() == 0:
            shutil.chown(self._directory, "postgres")
        data = self._directory / "data"
        self._run(
            str(self._bin / "initdb"), "-D", str(data), "-U", "ankan", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"
        )
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories={self._directory}"
        )
        self._run(
            str(self._bin / "pg_ctl"), "-D", str(data), "-w", "-o", options, "-l", str(self._directory / "log"), "start"
        )
        return self

    def stop(self) -> None:
        """Stop it and remove its files."""
        self._run(str(self._bin / "pg_ctl"), "-D", str(self._directory / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._directory, ignore_errors=True)

    def new_database(self, name: str) -> str:
        """An empty database; returns its SQLAlchemy URL."""
        self._run(str(self._bin / "createdb"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "ankan", name)
        return f"postgresql+psycopg://ankan@127.0.0.1:{self.port}/{name}"


class Slapd:
    """An OpenLDAP directory of our own, ``dc=plant``, with StartTLS on ``port`` and TLS from the start on ``tls_port``.

    ``options`` are lines of slapd.conf; entries come by :meth:`add` as LDIF, with ``memberOf`` kept by the server.
    """

    ROOT, PASSWORD = "cn=root,dc=plant", "root password"

    def __init__(self, directory: Path, tls: dict[str, Path], options: Sequence[str] = ()) -> None:
        self.directory = directory
        self.port, self.tls_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        data = directory / "ldap-data"
        data.mkdir()
        modules = next(Path("/usr/lib").glob("**/ldap/back_mdb.so"), None)
        if modules is None:
            pytest.fail("slapd is missing: run `make test`, which installs it")
        lines = [
            *(f"include /etc/ldap/schema/{name}.schema" for name in ("core", "cosine", "inetorgperson")),
            f"pidfile {directory / 'slapd.pid'}",
            f"modulepath {modules.parent}",
            "moduleload back_mdb",
            "moduleload memberof",
            f"TLSCACertificateFile {tls['ca']}",
            f"TLSCertificateFile {tls['server_certificate']}",
            f"TLSCertificateKeyFile {tls['server_key']}",
            *(line for line in options if line.startswith(("allow", "require", "security"))),
            "database mdb",
            "maxsize 16777216",
            'suffix "dc=plant"',
            f'rootdn "{self.ROOT}"',
            f'rootpw "{self.PASSWORD}"',
            f"directory {data}",
            "dbnosync",
            "overlay memberof",
            *(line for line in options if not line.startswith(("allow", "require", "security"))),
            "access to attrs=userPassword by anonymous auth by * none",
            "access to * by * read",
        ]
        self.config = directory / "slapd.conf"
        self.config.write_text("\n".join(lines) + "\n")

    def start(self) -> Slapd:
        """Start and wait until it listens."""
        listeners = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port}"
        with (self.directory / "slapd.log").open("ab") as log:
            self.process = subprocess.Popen(
                [need("slapd"), "-h", listeners, "-f", str(self.config), "-d", "0"], stdout=log, stderr=log
            )
        wait_for(lambda: listening(self.port) and listening(self.tls_port), what="slapd")
        return self

    def stop(self) -> None:
        """End it by pid."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)
            self.process = None

    def freeze(self) -> None:
        """Connections are taken but nobody answers."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Answer again."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def add(self, ldif: str, *, modify: bool = False) -> None:
        """ldapadd (or ldapmodify) as the root of the directory."""
        program = [need("ldapmodify")] if modify else [need("ldapadd")]
        done = subprocess.run(
            [*program, "-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", self.ROOT, "-w", self.PASSWORD, "-M"],
            input=ldif.encode(),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{program}: {done.stderr.decode()}")


def make_certificates(directory: Path) -> dict[str, Path]:
    """A CA, a server certificate for 127.0.0.1 and a client certificate, by openssl."""
    openssl = need("openssl")

    def run(*args: str) -> None:
        subprocess.run([openssl, *args], check=True, capture_output=True, cwd=directory)

    run(
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-days",
        "30",
        "-subj",
        "/CN=Test CA",
        "-addext",
        "keyUsage=critical,keyCertSign,cRLSign",
    )
    paths = {"ca": directory / "ca.pem"}
    for name, extension in (
        ("server", "subjectAltName=IP:127.0.0.1,DNS:localhost"),
        ("client", "subjectAltName=DNS:station"),
    ):
        (directory / f"{name}.ext").write_text(extension + "\n")
        run(
            "req",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            f"{name}.key",
            "-out",
            f"{name}.csr",
            "-subj",
            f"/CN={name}",
        )
        run(
            "x509",
            "-req",
            "-in",
            f"{name}.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            f"{name}.pem",
            "-days",
            "30",
            "-extfile",
            f"{name}.ext",
        )
        paths[f"{name}_certificate"] = directory / f"{name}.pem"
        paths[f"{name}_key"] = directory / f"{name}.key"
    return paths
