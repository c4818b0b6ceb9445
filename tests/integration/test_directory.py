"""Logging in through a real OpenLDAP: who gets in, who does not, and that no trick, outage or wrong certificate helps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access.directory import Directory, more_than_wrong
from app.access.external import DirectoryAnswer, Grant
from app.config import DirectoryConfig, GroupGrant
from tests.servers import Slapd, free_port, make_certificates

pytestmark = pytest.mark.server

LDIF = """
dn: dc=plant
objectClass: organization
objectClass: dcObject
o: Plant
dc: plant

dn: ou=people,dc=plant
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=plant
objectClass: organizationalUnit
ou: groups

dn: cn=reader,dc=plant
objectClass: person
cn: reader
sn: reader
userPassword: reader password

dn: uid=li.na,ou=people,dc=plant
objectClass: inetOrgPerson
uid: li.na
cn: 李娜
sn: 李
mail: li.na@plant.example
userPassword: right horse 7

dn: uid=wang\\2Cwei,ou=people,dc=plant
objectClass: inetOrgPerson
uid: wang,wei
cn: 王伟
sn: 王
userPassword: 正确 的 马 8

dn: uid=zoe,ou=people,dc=plant
objectClass: inetOrgPerson
uid: zoe
cn: Zoe
sn: Zoe
userPassword: no group 9

dn: uid=blank,ou=people,dc=plant
objectClass: inetOrgPerson
uid: blank
cn: Blank
sn: Blank

dn: uid=twin,ou=people,dc=plant
objectClass: inetOrgPerson
uid: twin
cn: Twin
sn: Twin
userPassword: right horse 7

dn: ou=more,ou=people,dc=plant
objectClass: organizationalUnit
ou: more

dn: uid=twin,ou=more,ou=people,dc=plant
objectClass: inetOrgPerson
uid: twin
cn: Twin
sn: Twin
userPassword: right horse 7

dn: cn=ref,ou=people,dc=plant
objectClass: referral
objectClass: extensibleObject
cn: ref
ref: ldap://127.0.0.1:1/ou=people,dc=elsewhere

dn: cn=Operators,ou=groups,dc=plant
objectClass: groupOfNames
cn: Operators
member: uid=li.na,ou=people,dc=plant
member: uid=wang\\2Cwei,ou=people,dc=plant
member: uid=twin,ou=people,dc=plant
member: uid=twin,ou=more,ou=people,dc=plant
member: uid=blank,ou=people,dc=plant

dn: cn=Leaders,ou=groups,dc=plant
objectClass: groupOfNames
cn: Leaders
member: uid=li.na,ou=people,dc=plant

dn: cn=Operators,ou=people,dc=plant
objectClass: groupOfNames
cn: Operators
member: uid=zoe,ou=people,dc=plant
"""
GRANTS = (
    GroupGrant(group="CN=operators, OU=Groups, DC=plant", role="operator", zone="A01"),
    GroupGrant(group="cn=Leaders,ou=groups,dc=plant", role="shift_leader"),
    GroupGrant(group="cn=Nobody,ou=groups,dc=plant", role="administrator"),
)
RIGHT = "right horse 7"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def slapd(tmp_path_factory: pytest.TempPathFactory, certificates: dict[str, Path]) -> Iterator[Slapd]:
    """Lets even unauthenticated binds through, as careless servers do."""
    made = Slapd(tmp_path_factory.mktemp("slapd"), certificates, ["allow bind_anon_cred bind_anon_dn"]).start()
    made.add(LDIF)
    yield made
    made.stop()


@pytest.fixture
def ask(slapd: Slapd, certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes a Directory of the fixture's server, with changes of its configuration."""
    monkeypatch.setenv("READER", "reader password")

    def made(**changes: Any) -> Directory:
        settings: dict[str, Any] = {
            "servers": (f"ldap://127.0.0.1:{slapd.port}",),
            "ca": certificates["ca"],
            "search_base": "ou=people,dc=plant",
            "service_account": "cn=reader,dc=plant",
            "password_env": "READER",
            "grants": GRANTS,
            "timeout_s": 1,
        }
        return Directory(DirectoryConfig(**settings | changes), Path("/"))

    return made


def code(answer: DirectoryAnswer) -> str:
    return answer.code


DIRECT: dict[str, Any] = {
    "bind_template": "uid={login},ou=people,dc=plant",
    "search_base": "",
    "service_account": "",
    "password_env": "",
}
WAYS = {
    "search then bind": {},
    "anonymous search": {"service_account": "", "password_env": ""},
    "direct bind": DIRECT,
    "direct bind and search": DIRECT | {"search_base": "ou=people,dc=plant"},
    "groups by search": {"group_attribute": "none", "group_base": "ou=groups,dc=plant"},
    "direct bind, groups by search": DIRECT | {"group_attribute": "none", "group_base": "ou=groups,dc=plant"},
}


@pytest.fixture(params=WAYS)
def each(request: pytest.FixtureRequest, ask: Any) -> Directory:
    """A directory for every way of asking."""
    made: Directory = ask(**WAYS[request.param])
    return made


def test_the_right_password_tells_who_it_is_and_what_they_may(each: Directory) -> None:
    answer = each.check(" Li.Na ", RIGHT)
    assert answer.code == "done"
    person = answer.person
    assert person is not None
    assert (person.login, person.name, person.mail) == ("li.na", "李娜", "li.na@plant.example")
    assert person.dn == "uid=li.na,ou=people,dc=plant"
    assert person.grants == (Grant("operator", "A01"), Grant("shift_leader", ""))
    assert person.groups == ("cn=Leaders,ou=groups,dc=plant", "cn=Operators,ou=groups,dc=plant")


def test_a_name_with_a_comma_and_a_password_beyond_ascii_work_too(each: Directory) -> None:
    answer = each.check("wang,wei", "正确 的 马 8")
    assert answer.person is not None
    assert (answer.person.name, answer.person.grants) == ("王伟", (Grant("operator", "A01"),))


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("li.na", "wrong"),
        ("li.na", RIGHT.upper()),
        ("nobody", RIGHT),
        ("", RIGHT),
        ("   ", RIGHT),
        ("blank", RIGHT),
        ("li.na", " "),
        ("li.na", RIGHT + "\x00"),
        ("li.na", "\udc80"),
        ("li.na", "x" * 5000),
        ("l" * 65, RIGHT),
    ],
)
def test_whatever_else_is_wrong_in_the_same_way(each: Directory, login: str, password: str) -> None:
    assert each.check(login, password) == DirectoryAnswer("wrong")


@pytest.mark.parametrize("password", ["", "\u00ad", "\u200b\ufe0f"])
def test_an_empty_password_is_no_anonymous_way_in(each: Directory, password: str) -> None:
    """The server of these tests would say yes to an empty one, and soft hyphens are prepared down to nothing."""
    assert each.check("li.na", password).code == "wrong"


@pytest.mark.parametrize(
    "login",
    [
        "*",
        "li*",
        "li.n?",
        "li.na)(uid=*",
        "*)(objectClass=*",
        "li.na)(|(uid=*))",
        "x)(|(uid=li.na)",
        "li.na\x00",
        "li.na\\00",
        "\\6ci.na",
        "\\2a",
        "li.na,ou=people,dc=plant",
        "li.na+cn=x",
        "twin,ou=more",
        "li.na,ou=people,dc=plant\\",
        "zoe,ou=people,dc=plant#",
        "#6c692e6e61",
        '"li.na"',
        "li.na\n",
        "ｌｉ.ｎａ",
        "li.\u00adna",
        "uid=li.na",
    ],
)
def test_a_login_is_never_part_of_the_question(each: Directory, login: str) -> None:
    accepted = login.strip() == "li.na"
    assert each.check(login, RIGHT).code == ("done" if accepted else "wrong")


def test_two_entries_of_one_login_are_nobody(ask: Any) -> None:
    assert ask().check("twin", RIGHT).code == "wrong"


def test_a_direct_bind_never_speaks_for_another_entry(ask: Any) -> None:
    other = ask(**DIRECT | {"search_base": "ou=more,ou=people,dc=plant"})
    assert other.check("twin", RIGHT).code == "wrong"


def test_a_group_of_the_same_name_elsewhere_gives_nothing(each: Directory) -> None:
    answer = each.check("zoe", "no group 9")
    assert (answer.code, answer.detail) == ("not_allowed", "no_group")


def test_groups_are_looked_up_anew_each_time(ask: Any, slapd: Slapd) -> None:
    directory = ask()
    group = (
        "dn: cn=Nobody,ou=groups,dc=plant\nobjectClass: groupOfNames\ncn: Nobody\nmember: uid=zoe,ou=people,dc=plant\n"
    )
    slapd.add(group)
    try:
        assert directory.check("zoe", "no group 9").person.grants == (Grant("administrator", ""),)
    finally:
        slapd.add("dn: cn=Nobody,ou=groups,dc=plant\nchangetype: delete\n", modify=True)
    assert directory.check("zoe", "no group 9").code == "not_allowed"


def test_tls_from_the_start_works_as_well(ask: Any, slapd: Slapd) -> None:
    assert ask(servers=(f"ldaps://127.0.0.1:{slapd.tls_port}",)).check("li.na", RIGHT).code == "done"


def test_the_password_never_travels_in_the_clear(
    slapd: Slapd, certificates: dict[str, Path], tmp_path: Path, ask: Any
) -> None:
    strict = Slapd(tmp_path, certificates, ["security simple_bind=128"]).start()
    try:
        encrypted = ask(servers=(f"ldap://127.0.0.1:{strict.port}",), service_account="", password_env="")
        assert encrypted.probe()[0][1] != ""  # empty, but reached over TLS: the base is not there
        assert "noSuchObject" in encrypted.probe()[0][1]
        clear = ask(
            servers=(f"ldap://127.0.0.1:{strict.port}",),
            start_tls=False,
            service_account=Slapd.ROOT,
            password_env="READER",
        )
        assert "confidentiality" in clear.check("li.na", RIGHT).detail.lower()
    finally:
        strict.stop()


@pytest.mark.parametrize("scheme", ["ldap", "ldaps"])
def test_a_certificate_of_another_authority_is_refused(ask: Any, slapd: Slapd, tmp_path: Path, scheme: str) -> None:
    stranger = make_certificates(tmp_path)
    port = slapd.port if scheme == "ldap" else slapd.tls_port
    answer = ask(servers=(f"{scheme}://127.0.0.1:{port}",), ca=stranger["ca"]).check("li.na", RIGHT)
    assert answer.code == "unavailable"
    assert "certificate verify failed" in answer.detail.lower()


def test_the_system_does_not_vouch_for_a_private_authority(ask: Any) -> None:
    assert "certificate verify failed" in ask(ca=None).check("li.na", RIGHT).detail.lower()


def test_a_certificate_for_another_host_is_refused(ask: Any, slapd: Slapd) -> None:
    answer = ask(servers=(f"ldap://127.0.0.2:{slapd.port}", f"ldaps://127.0.0.2:{slapd.tls_port}")).check(
        "li.na", RIGHT
    )
    assert answer.code == "unavailable"


def test_the_name_in_the_certificate_is_checked(ask: Any, tmp_path: Path, certificates: dict[str, Path]) -> None:
    """The client's certificate is of the right authority but names 'station'."""
    swapped = certificates | {
        "server_certificate": certificates["client_certificate"],
        "server_key": certificates["client_key"],
    }
    other = Slapd(tmp_path, swapped).start()
    try:
        servers = (f"ldap://127.0.0.1:{other.port}", f"ldaps://127.0.0.1:{other.tls_port}")
        answer = ask(servers=servers).check("li.na", RIGHT)
        assert answer.code == "unavailable"
        assert answer.detail.count("IP address mismatch") == 2
    finally:
        other.stop()


def test_a_missing_authority_file_is_named(ask: Any, tmp_path: Path) -> None:
    assert "gone.pem" in ask(ca=tmp_path / "gone.pem").check("li.na", RIGHT).detail


def test_a_server_that_is_down_is_said_at_once_and_the_next_one_asked(ask: Any, slapd: Slapd) -> None:
    down = f"ldap://127.0.0.1:{free_port()}"
    before = time.monotonic()
    alone = ask(servers=(down,)).check("li.na", RIGHT)
    assert alone.code == "unavailable"
    assert down in alone.detail
    assert ask(servers=(down, f"ldap://127.0.0.1:{slapd.port}")).check("li.na", RIGHT).code == "done"
    assert time.monotonic() - before < 2


def test_a_frozen_server_is_given_up_in_time_and_asked_last_for_a_minute(
    slapd: Slapd, certificates: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Any
) -> None:
    frozen = Slapd(tmp_path, certificates).start()
    now = [0.0]
    config = ask()._config
    servers = (f"ldaps://127.0.0.1:{frozen.tls_port}", f"ldap://127.0.0.1:{slapd.port}")
    settings = {name: getattr(config, name) for name in config.__struct_fields__} | {"servers": servers}
    directory = Directory(DirectoryConfig(**settings), Path("/"), monotonic=lambda: now[0])
    frozen.freeze()
    try:
        before = time.monotonic()
        assert directory.check("li.na", RIGHT).code == "done"
        first = time.monotonic() - before
        assert 0.9 < first < 4
        before = time.monotonic()
        assert directory.check("li.na", RIGHT).code == "done"
        assert time.monotonic() - before < 0.9
        now[0] = 61
        assert directory._order()[0] == servers[0]
    finally:
        frozen.thaw()
        frozen.stop()


def test_a_wrong_password_is_not_tried_on_the_next_server(ask: Any, slapd: Slapd) -> None:
    down = f"ldap://127.0.0.1:{free_port()}"
    assert ask(servers=(f"ldap://127.0.0.1:{slapd.port}", down)).check("li.na", "wrong").code == "wrong"


def test_a_referral_to_another_server_is_not_followed(ask: Any) -> None:
    """One lies beside the people that every search here comes across; as the base itself it is a problem to be told."""
    answer = ask(search_base="cn=ref,ou=people,dc=plant").check("li.na", RIGHT)
    assert answer.code == "unavailable"
    assert "referral" in answer.detail


@pytest.mark.parametrize(
    ("data", "meaning"), [("52e", None), ("525", None), ("533", "disabled"), ("773", "must_change"), ("775", "locked")]
)
def test_active_directory_says_more_than_wrong(data: str, meaning: str | None) -> None:
    said = f"80090308: LdapErr: DSID-0C090447, comment: AcceptSecurityContext error, data {data}, v3839\x00"
    assert more_than_wrong(said) == meaning
    assert more_than_wrong("") is None


def test_a_service_account_that_is_not_taken_says_so(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READER", "changed")
    assert "cn=reader,dc=plant: invalidCredentials" in ask().check("li.na", RIGHT).detail
    monkeypatch.delenv("READER")
    answer = ask().check("li.na", RIGHT)
    assert answer.code == "unavailable"
    assert "READER" in answer.detail


def test_the_probe_tells_of_every_server(ask: Any, slapd: Slapd) -> None:
    good, down = f"ldap://127.0.0.1:{slapd.port}", f"ldap://127.0.0.1:{free_port()}"
    found = dict(ask(servers=(down, good)).probe())
    assert found[good] == ""
    assert "refused" in found[down]
    assert "noSuchObject" in ask(search_base="ou=gone,dc=plant").probe()[0][1]
    assert ask(**DIRECT).probe()[0][1] == ""


def test_secrets_stay_out_of_what_is_told(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READER", "s3cret reader")
    answer = ask().check("li.na", "s3cret person")
    assert "s3cret" not in repr(answer)
