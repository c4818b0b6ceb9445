"""Names of a directory: equal ones are equal however they are written, and no login changes a question's meaning."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access.external import Grant, escape_dn, escape_filter, grants_of, same_dn
from app.config import GroupGrant

TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CN=Ops,DC=plant", "cn=ops, dc=Plant"),
        ("CN=Ops;DC=plant", "cn=ops,dc=plant"),
        ("cn = Ops , dc = plant", "cn=ops,dc=plant"),
        ("cn=A  B,dc=plant", "cn=a b,dc=plant"),
        ("cn=a\\,b,dc=plant", "cn=a\\2cb,dc=plant"),
        ("cn=a\\,b,dc=plant", "cn=a\\2Cb,dc=plant"),
        ("cn=\\E6\\93\\8D,dc=plant", "cn=操,dc=plant"),
        ("cn=a+uid=b,dc=plant", "UID=b+CN=a,dc=plant"),
        ("cn=a\\\\5c,dc=plant", "cn=a\\5c5c,dc=plant"),
        ("cn=a\\=b,dc=plant", "cn=a=b,dc=plant"),
    ],
)
def test_one_name_however_it_is_written(one: str, other: str) -> None:
    assert same_dn(one) == same_dn(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cn=ops,ou=a,dc=plant", "cn=ops,ou=b,dc=plant"),
        ("cn=ops,dc=plant", "cn=ops"),
        ("cn=a,dc=plant", "cn=a\\,dc\\=plant"),
        ("cn=a+uid=b,dc=plant", "cn=a,uid=b,dc=plant"),
        ("cn=ops,dc=plant", "cn=ｏｐｓ,dc=plant"),
        ("cn=a\\\\2c,dc=plant", "cn=a\\,,dc=plant"),
    ],
)
def test_different_names_stay_different(one: str, other: str) -> None:
    assert same_dn(one) != same_dn(other)


@pytest.mark.parametrize("text", ["", "ops", "cn=a,,dc=b", "=x", "cn=a\\", "cn=a,", "cn=a,dc"])
def test_what_is_no_name_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="no distinguished name"):
        same_dn(text)


@given(TEXT, TEXT)
def test_an_escaped_value_never_breaks_out_of_its_place(value: str, other: str) -> None:
    name = same_dn(f"uid={escape_dn(value)},dc=plant")
    assert name.endswith(",dc=plant")
    assert name == same_dn(name)
    assert same_dn(f"uid={escape_dn(other)},dc=plant") == name or " ".join(other.lower().split()) != " ".join(
        value.lower().split()
    )


@given(st.text(max_size=30))
def test_an_escaped_value_has_nothing_that_a_filter_acts_on(value: str) -> None:
    escaped = escape_filter(value)
    assert not set("()*\x00") & set(escaped)
    assert escaped.count("\\") == sum(c in "\\()*\x00" for c in value)


def test_escapes_are_those_of_the_standards() -> None:
    assert escape_filter("a*(b)\\\x00") == "a\\2a\\28b\\29\\5c\\00"
    assert escape_dn('# ,+"\\<>;=\x00 ') == '\\# \\,\\+\\"\\\\\\<\\>\\;\\=\\00\\ '
    assert escape_dn(" ") == "\\ "
    assert escape_dn("") == ""


def test_groups_become_roles_by_their_whole_names() -> None:
    table = [
        GroupGrant(group="cn=Ops,ou=g,dc=plant", role="operator", zone="A01"),
        GroupGrant(group="CN=ops,OU=g,DC=plant", role="operator", zone="A01"),
        GroupGrant(group="cn=Ops,ou=g,dc=plant", role="operator", zone="A02"),
        GroupGrant(group="cn=Boss,ou=g,dc=plant", role="administrator"),
    ]
    found = grants_of(["cn=OPS,ou=g,dc=plant", "cn=Boss,ou=elsewhere,dc=plant", "S-1-5-32-544"], table)
    assert found == (Grant("operator", "A01"), Grant("operator", "A02"))
    assert grants_of([], table) == ()
