"""Login through LDAP or Active Directory: the only place that knows the protocol's library.

What can go wrong here lets strangers in, so: the certificate and the host name are checked always; an empty password
is never sent (servers take it for an anonymous bind and say yes); a login is escaped wherever it is put in, and the
entry that was found must bear exactly the login that was typed, or its look-alikes would dodge the lock-out; referrals
and aliases lead to servers and entries that nobody configured and are not followed. Passwords go out as UTF-8 bytes:
the library's own preparation drops characters, down to nothing.

One connection per question, closed afterwards. A server that does not answer is asked last for a minute, so that
logins do not wait for it again and again.
"""

from __future__ import annotations

import re
import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import ldap3
import structlog
from ldap3.core import results
from ldap3.core.exceptions import LDAPException

from app.access.external import (
    DirectoryAnswer,
    DirectoryPerson,
    escape_dn,
    escape_filter,
    grants_of,
    same_dn,
)
from app.config import ConfigError, DirectoryConfig

log = structlog.get_logger(__name__)

LONGEST_LOGIN, LONGEST_PASSWORD = 64, 1024
AVOID_S = 60.0
PORTS = {"ldap": 389, "ldaps": 636}
_WRONG = DirectoryAnswer("wrong")
_REFUSED_BINDS = (
    results.RESULT_INVALID_CREDENTIALS,
    results.RESULT_NO_SUCH_OBJECT,
    results.RESULT_INVALID_DN_SYNTAX,
    results.RESULT_INAPPROPRIATE_AUTHENTICATION,
)
#: "data …" in what Active Directory says of a refused bind.
_ACTIVE_DIRECTORY = {
    "530": "hours",
    "531": "workstation",
    "532": "password_expired",
    "533": "disabled",
    "701": "account_expired",
    "773": "must_change",
    "775": "locked",
}


class _Unavailable(Exception):
    """The server can't say; perhaps the next one can."""


class _Answered(Exception):
    """The server has said all that there is to say."""

    def __init__(self, answer: DirectoryAnswer) -> None:
        super().__init__(answer.code)
        self.answer = answer


class _Tls(ldap3.Tls):  # type: ignore[misc]  # the library has no types
    """The library's own way neither names the server it wants nor lets the standard library check the name."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(validate=ssl.CERT_REQUIRED)
        self._context = context

    def wrap_socket(self, connection: Any, do_handshake: bool = False) -> None:
        """Encrypt; raises when certificate or name are not right."""
        connection.socket = self._context.wrap_socket(connection.socket, server_hostname=connection.server.host)


class Directory:
    """``LoginDirectory`` by configuration. Thread-safe: every question has a connection of its own."""

    def __init__(
        self, config: DirectoryConfig, config_dir: Path, *, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        """``config_dir`` is what relative paths are relative to. Raises ConfigError for a group that is no DN."""
        self._config = config
        self._ca = None if config.ca is None else config_dir / config.ca
        self._monotonic = monotonic
        self._avoid: dict[str, float] = {}
        for index, grant in enumerate(config.grants):
            try:
                same_dn(grant.group)
            except ValueError as error:
                raise ConfigError(f"{error} - at `$.directory.grants[{index}].group`") from error

    def check(self, login: str, password: str) -> DirectoryAnswer:
        """Is it them, and what may they be here? Slow, never raises; for workers."""
        login = login.strip()
        if not password or "\x00" in password or len(password) > LONGEST_PASSWORD or not _speakable(password):
            return _WRONG
        if not login or len(login) > LONGEST_LOGIN or not login.isprintable() or not self._bindable(login):
            return _WRONG
        problems = []
        for server in self._order():
            try:
                with self._connected(server) as connection:
                    person = self._person(connection, login, password)
            except _Answered as answered:
                self._avoid.pop(server, None)
                return answered.answer
            except _Unavailable as problem:
                log.warning("directory_unavailable", server=server, detail=str(problem))
                self._avoid[server] = self._monotonic() + AVOID_S
                problems.append(f"{server}: {problem}")
            else:
                self._avoid.pop(server, None)
                return person
        return DirectoryAnswer("unavailable", detail="; ".join(problems))

    def probe(self) -> list[tuple[str, str]]:
        """Each server in its configured order and what is wrong with it; '' when it answers, shows the right
        certificate, takes the service account and finds the search base. Slow; for workers.
        """
        return [(server, self._trouble(server)) for server in self._config.servers]

    def _trouble(self, server: str) -> str:
        try:
            with self._connected(server) as connection:
                if not self._config.bind_template:
                    self._as_service(connection)
                    base, kind = self._config.search_base, ldap3.BASE
                    self._search(connection, base, "(objectClass=*)", kind, ["1.1"], needed=True)
        except _Unavailable as problem:
            return str(problem)
        return ""

    def _order(self) -> list[str]:
        now = self._monotonic()
        return sorted(self._config.servers, key=lambda server: self._avoid.get(server, now) > now)

    @contextmanager
    def _connected(self, server: str) -> Iterator[Any]:
        """An encrypted connection that nobody is bound on yet. Raises _Unavailable for whatever goes wrong within."""
        config, url = self._config, urlsplit(server)
        try:
            context = ssl.create_default_context(cafile=None if self._ca is None else str(self._ca))
        except OSError as error:
            raise _Unavailable(f"CA certificate {self._ca}: {error.strerror or error}") from error
        # Python 3.13 began to refuse what is signed well but formed as older company authorities do; 3.11 does not
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        connection = ldap3.Connection(
            ldap3.Server(
                url.hostname,
                port=url.port or PORTS[url.scheme],
                use_ssl=url.scheme == "ldaps",
                tls=_Tls(context),
                get_info=ldap3.NONE,
                connect_timeout=config.timeout_s,
            ),
            receive_timeout=config.timeout_s,
            authentication=ldap3.ANONYMOUS,
            auto_referrals=False,
            check_names=False,
            raise_exceptions=False,
            read_only=True,
        )
        try:
            connection.open(read_server_info=False)
            if url.scheme == "ldap" and config.start_tls:
                connection.start_tls(read_server_info=False)
                if not connection.tls_started:
                    raise _Unavailable("StartTLS did not start")
            yield connection
        except (LDAPException, OSError, ValueError) as error:
            raise _Unavailable(_told(error)) from error
        finally:
            _close(connection)

    def _person(self, connection: Any, login: str, password: str) -> DirectoryAnswer:
        """Raises _Answered, _Unavailable, or what the library raises."""
        config, bind = self._config, ""
        if config.bind_template:
            bind = config.bind_template.replace("{login}", escape_dn(login) if self._by_dn() else login)
            self._bind_person(connection, bind, password)
        else:
            self._as_service(connection)
        entry = self._entry(connection, login, bind)
        if entry is None:
            if not config.bind_template:  # takes as long as a wrong password, and tells as much
                nobody = f"cn={secrets.token_hex(8)},{config.search_base}"
                connection.rebind(nobody, password.encode(), ldap3.SIMPLE, read_server_info=False)
            return _WRONG
        if not config.bind_template:
            self._bind_person(connection, entry["dn"], password)
        groups = _texts(entry, config.group_attribute)
        if config.group_base:
            if not config.bind_template:
                self._as_service(connection)
            wanted = config.group_filter.replace("{dn}", escape_filter(entry["dn"]))
            wanted = wanted.replace("{login}", escape_filter(login))
            found = self._search(connection, config.group_base, wanted, ldap3.SUBTREE, ["1.1"], needed=True)
            groups += [group["dn"] for group in found]
        grants = grants_of(groups, config.grants)
        person = DirectoryPerson(
            login=login.lower(),
            name=next((name for name in _texts(entry, config.name_attribute) if name.strip()), login).strip(),
            mail=next(iter(_texts(entry, config.mail_attribute)), ""),
            dn=entry["dn"],
            groups=tuple(sorted(set(groups))),
            grants=grants,
        )
        if not grants:
            return DirectoryAnswer("not_allowed", person, "no_group")
        return DirectoryAnswer("done", person)

    def _entry(self, connection: Any, login: str, bind: str) -> Any:
        """The one entry of this login, or None."""
        config = self._config
        names = {config.login_attribute, config.name_attribute, config.mail_attribute, config.group_attribute}
        if config.search_base:
            wanted = config.search_filter.replace("{login}", escape_filter(login))
            wanted = wanted.replace("{bind}", escape_filter(bind))
            found = self._search(connection, config.search_base, wanted, ldap3.SUBTREE, sorted(names))
        else:
            found = self._search(connection, bind, "(objectClass=*)", ldap3.BASE, sorted(names))
        if len(found) > 1:
            log.warning("directory_ambiguous", login=login, entries=[entry["dn"] for entry in found])
            return None
        if not found or login.lower() not in map(str.lower, _texts(found[0], config.login_attribute)):
            return None
        if bind and self._by_dn() and same_dn(found[0]["dn"]) != same_dn(bind):
            log.warning("directory_other_entry", login=login, bound=bind, found=found[0]["dn"])
            return None
        return found[0]

    def _search(
        self, connection: Any, base: str, wanted: str, scope: str, attributes: Sequence[str], *, needed: bool = False
    ) -> list[Any]:
        """Entries, without references to other servers; with ``needed`` a base that is not there is a problem."""
        connection.search(
            base,
            wanted,
            search_scope=scope,
            dereference_aliases=ldap3.DEREF_NEVER,
            attributes=attributes,
            size_limit=0 if needed else 2,
            time_limit=self._config.timeout_s,
        )
        code = connection.result["result"]
        if code == results.RESULT_NO_SUCH_OBJECT and not needed:
            return []
        if code not in (results.RESULT_SUCCESS, results.RESULT_SIZE_LIMIT_EXCEEDED):
            raise _Unavailable(f"search in {base}: {_said(connection)}")
        return [entry for entry in connection.response if entry["type"] == "searchResEntry"]

    def _as_service(self, connection: Any) -> None:
        """Raises _Unavailable when the service account is not taken."""
        account = self._config.service_account
        if account:
            password = self._config.password()
            if not password:
                raise _Unavailable(f"no password for {account} in {self._config.password_env or 'the keyring'}")
            connection.rebind(account, password.encode(), ldap3.SIMPLE, read_server_info=False)
        else:
            connection.rebind("", "", ldap3.ANONYMOUS, read_server_info=False)
        if connection.result["result"] != results.RESULT_SUCCESS:
            raise _Unavailable(f"bind as {account or 'anonymous'}: {_said(connection)}")

    def _bind_person(self, connection: Any, name: str, password: str) -> None:
        """Raises _Answered when the server says no, _Unavailable when it can't say."""
        connection.rebind(name, password.encode(), ldap3.SIMPLE, read_server_info=False)
        code = connection.result["result"]
        if code == results.RESULT_SUCCESS:
            return
        why = more_than_wrong(str(connection.result["message"]))
        if code == results.RESULT_INVALID_CREDENTIALS and why is not None:
            raise _Answered(DirectoryAnswer("not_allowed", detail=why))
        if code in _REFUSED_BINDS:
            raise _Answered(_WRONG)
        if code in (results.RESULT_UNWILLING_TO_PERFORM, results.RESULT_INSUFFICIENT_ACCESS_RIGHTS):
            raise _Answered(DirectoryAnswer("not_allowed", detail="refused"))
        raise _Unavailable(f"bind: {_said(connection)}")

    def _by_dn(self) -> bool:
        return "=" in self._config.bind_template

    def _bindable(self, login: str) -> bool:
        """In a principal name nothing can be escaped: what could change its meaning is not sent."""
        template = self._config.bind_template
        return not template or self._by_dn() or not {*'@\\/"'} & set(login)


def more_than_wrong(said: str) -> str | None:
    """What Active Directory means by its ``data …`` when the password was right or the account is locked; None: wrong."""
    found = re.search(r"\bdata ([0-9a-f]+)\b", said)
    return _ACTIVE_DIRECTORY.get(found[1]) if found is not None else None


def _texts(entry: Any, attribute: str) -> list[str]:
    """Values of an attribute, whatever the case of its name; what is no text is left out."""
    for name, values in entry["raw_attributes"].items():
        if name.lower() == attribute.lower():
            return [value.decode("utf-8", "replace") for value in values]
    return []


def _speakable(password: str) -> bool:
    try:
        password.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _said(connection: Any) -> str:
    result = connection.result
    return f"{result['description']} {result['message'] or ''}".strip()


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def _close(connection: Any) -> None:
    """The library leaves a socket open that could not be connected."""
    socket = connection.socket
    try:
        connection.unbind()
    except (LDAPException, OSError) as error:
        log.debug("directory_unbind", detail=_told(error))
    finally:
        if socket is not None:
            socket.close()
