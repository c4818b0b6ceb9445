"""The second step of a login: one-time codes of a telephone (RFC 6238), and codes on paper for the day it is lost.

Pure: secrets and figures in, answers out; who keeps them is :mod:`app.access.second_step`. A code is good for its own half
minute and the two beside it, and once only: whoever looks over a shoulder must not use it again. Secrets lie encrypted
in the store (AES-256-GCM under a key of their own), bound to their user, so that a copied row opens nothing elsewhere.
The libraries are loaded by those who log in with a code, not by every start.
"""

from __future__ import annotations

import base64
import hmac
import io
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.clock import US

ISSUER: Final = "Ankan"
STEP_S: Final = 30
DIGITS: Final = 6
DRIFT: Final = 1
RECOVERY_CODES: Final = 10
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # without i, l, o, 0 and 1: they are read from paper
_NONCE: Final = 12


class SealBroken(RuntimeError):
    """An encrypted secret can't be opened: another key, another user, or changed bytes."""


def new_secret() -> str:
    """160 random bits, in base 32 as telephones want them."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def uri(secret: str, login: str, site: str = "") -> str:
    """What the picture for the telephone says; ``site`` tells stations of several plants apart."""
    from pyotp import TOTP

    issuer = f"{ISSUER} {site}".strip().replace(":", " ")
    return TOTP(secret, digits=DIGITS, interval=STEP_S).provisioning_uri(
        name=login.replace(":", " "), issuer_name=issuer
    )


def qr_png(text: str, scale: int = 6) -> bytes:
    """The picture as PNG, ``scale`` pixels a module, with its quiet zone."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=scale)
    return out.getvalue()


def qr_svg(text: str) -> bytes:
    """The picture as SVG that takes any size."""
    import segno

    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", omitsize=True)
    return out.getvalue()


def code_at(secret: str, t_us: int) -> str:
    """The code of a time (UTC microseconds), as the telephone shows it."""
    from pyotp import TOTP

    return TOTP(secret, digits=DIGITS, interval=STEP_S).at(datetime.fromtimestamp(t_us // US, UTC))


def is_code(text: str) -> bool:
    """Does it look like a telephone's code, not like one on paper?"""
    bare = _bare(text)
    return len(bare) == DIGITS and bare.isascii() and bare.isdigit()


def step_of(secret: str, text: str, now_us: int, last_step: int) -> int | None:
    """The step (half minutes since 1970) that a typed code belongs to; None when it is wrong, old or used.

    ``last_step`` is the last one that was accepted: it and all before it are refused.
    """
    if not is_code(text):
        return None
    bare, here, found = _bare(text), now_us // (STEP_S * US), None
    for step in range(here - DRIFT, here + DRIFT + 1):  # all of them, so that the time taken tells nothing
        right = hmac.compare_digest(code_at(secret, step * STEP_S * US), bare)
        if right and step > last_step:
            found = step
    return found


def new_recovery_codes(count: int = RECOVERY_CODES) -> tuple[str, ...]:
    """Codes for paper, each good once; about 50 bits each."""
    return tuple("-".join(_letters(5) for _ in range(2)) for _ in range(count))


def recovery_form(text: str) -> str:
    """A typed recovery code without what people add: hashed and compared like this."""
    return _bare(text).lower()


def is_recovery(text: str) -> bool:
    """Could it be a code on paper? Saves hashing what can't be one."""
    bare = recovery_form(text)
    return len(bare) == 10 and set(bare) <= set(_ALPHABET)


def seal(key: bytes, user_id: int, secret: str) -> tuple[bytes, bytes]:
    """Nonce and ciphertext of a user's secret."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce, AESGCM(key).encrypt(nonce, secret.encode(), _bound_to(user_id))


def unseal(key: bytes, user_id: int, nonce: bytes, ciphertext: bytes) -> str:
    """The secret again. Raises SealBroken."""
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, _bound_to(user_id)).decode()
    except (InvalidTag, ValueError) as error:
        raise SealBroken(f"the one-time secret of user {user_id} can't be opened: another key, or changed") from error


def new_key() -> bytes:
    """A key for :func:`seal`."""
    return AESGCM.generate_key(256)


def _bound_to(user_id: int) -> bytes:
    return f"totp|{user_id}".encode()


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _bare(text: str) -> str:
    return "".join(_kept(text))


def _kept(text: str) -> Iterable[str]:
    return (c for c in text if not c.isspace() and c != "-")
