"""What a login that did not succeed says to the person, for every code and detail that it can end with."""

from __future__ import annotations

from app.ports import Answer
from models.login import LoginResult
from ui.i18n import clock_text, has, t
from ui.widgets.panel import answer_text

PLAIN = ("wrong", "locked", "inactive")


def login_text(result: LoginResult, *, paper: bool = False) -> str:
    """A refusal in the person's language; ``paper``: the code that was typed came from paper."""
    code = result.code
    if code in PLAIN:
        return t(f"access.login_{code}", time=clock_text(result.locked_until_us))
    if code == "not_allowed":
        key = f"login.refused.{result.detail}"
        return t(key) if has(key) else t("answers.not_allowed")
    if code == "wrong_code":
        return t("login.wrong_paper") if paper else t("answers.wrong_code")
    return answer_text(Answer(code=code, detail=result.detail))
