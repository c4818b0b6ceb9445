"""One-time codes: the standard's figures, each code once, and secrets that open for their own user alone."""

from __future__ import annotations

import base64
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.access import totp
from app.clock import US

RFC = base64.b32encode(b"12345678901234567890").decode()
#: RFC 6238, appendix B, SHA-1: the last six of the eight digits.
VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]
ROOT = Path(__file__).parents[4]
NOW = 1_764_000_010 * US
STEP = NOW // (30 * US)


@pytest.mark.parametrize(("seconds", "code"), VECTORS)
def test_the_codes_are_those_of_the_standard(seconds: int, code: str) -> None:
    assert totp.code_at(RFC, seconds * US) == code
    assert totp.step_of(RFC, code, seconds * US, -1) == seconds // 30


@pytest.mark.parametrize(("steps", "good"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_half_a_minute_off(steps: int, good: bool) -> None:
    code = totp.code_at(RFC, NOW + steps * 30 * US)
    assert totp.step_of(RFC, code, NOW, 0) == (STEP + steps if good else None)


def test_a_code_works_once_and_none_before_it_afterwards() -> None:
    now, before = totp.code_at(RFC, NOW), totp.code_at(RFC, NOW - 30 * US)
    used = totp.step_of(RFC, now, NOW, 0)
    assert used == STEP
    assert totp.step_of(RFC, now, NOW, used) is None
    assert totp.step_of(RFC, before, NOW, used) is None
    assert totp.step_of(RFC, totp.code_at(RFC, NOW + 30 * US), NOW, used) == STEP + 1


@pytest.mark.parametrize("text", ["", "12345", "1234567", "abcdef", "２８７０８２", "28708٢", "-287082x"])
def test_what_is_no_code_is_refused(text: str) -> None:
    assert totp.step_of(RFC, text, 59 * US, -1) is None


def test_codes_are_read_as_people_type_them() -> None:
    assert totp.step_of(RFC, " 287 082 ", 59 * US, -1) == 1


def test_every_secret_is_new_and_160_bits_long() -> None:
    made = {totp.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert {len(base64.b32decode(secret)) for secret in made} == {20}


def test_the_address_names_station_and_person() -> None:
    parts = urlsplit(totp.uri(RFC, "li:na@plant", "东方 罐区"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Ankan 东方 罐区:li na@plant"
    assert parse_qs(parts.query) == {
        "secret": [RFC],
        "issuer": ["Ankan 东方 罐区"],
    }  # the rest as telephones presume it


def test_the_picture_is_a_png_or_an_svg() -> None:
    address = totp.uri(RFC, "li.na", "东方罐区")
    assert totp.qr_png(address).startswith(b"\x89PNG\r\n")
    svg = totp.qr_svg(address)
    assert b"<svg" in svg
    assert b"viewBox" in svg
    assert len(totp.qr_png(address, 12)) != len(totp.qr_png(address, 3))


def test_recovery_codes_are_ten_readable_and_all_different() -> None:
    codes = totp.new_recovery_codes()
    assert len(set(codes)) == 10
    assert all(totp.is_recovery(code) and not totp.is_code(code) for code in codes)
    assert totp.recovery_form(f" {codes[0].upper()} ") == codes[0].replace("-", "")


@given(st.text(max_size=20))
def test_nothing_is_both_kinds_of_code(text: str) -> None:
    assert not (totp.is_code(text) and totp.is_recovery(text))


def test_a_secret_opens_with_its_key_for_its_user() -> None:
    key = totp.new_key()
    nonce, ciphertext = totp.seal(key, 7, RFC)
    assert RFC.encode() not in ciphertext
    assert totp.unseal(key, 7, nonce, ciphertext) == RFC
    assert totp.seal(key, 7, RFC) != (nonce, ciphertext)


@pytest.mark.parametrize("what", ["user", "key", "nonce", "ciphertext", "length"])
def test_whatever_was_changed_it_stays_shut(what: str) -> None:
    key = totp.new_key()
    nonce, ciphertext = totp.seal(key, 7, RFC)
    user = 8 if what == "user" else 7
    key = totp.new_key() if what == "key" else key
    nonce = bytes([nonce[0] ^ 1]) + nonce[1:] if what == "nonce" else nonce
    ciphertext = ciphertext[:-1] + bytes([ciphertext[-1] ^ 1]) if what == "ciphertext" else ciphertext
    ciphertext = b"" if what == "length" else ciphertext
    with pytest.raises(totp.SealBroken, match=f"user {user}"):
        totp.unseal(key, user, nonce, ciphertext)


def test_a_start_loads_no_library_that_only_some_logins_need() -> None:
    program = "import sys, app.bootstrap.room; print([m for m in ('ldap3', 'pyotp', 'segno') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
