"""What the groups of sub-commands share: options, one JSON object a line, a sentence and a code when something fails."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

DataDir = Annotated[Path | None, typer.Option("--data", help="data directory (default: the user's)")]
AsJson = Annotated[bool, typer.Option("--json", help="machine-readable, one JSON object a line")]


def say(data: Any) -> None:
    """One JSON object on one line, in UTF-8 whatever the console's code page is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(data) + b"\n")
    sys.stdout.buffer.flush()


def failed(sentence: str, code: int = 2) -> typer.Exit:
    """The exit to raise, the sentence said on the error output."""
    typer.echo(sentence, err=True)
    return typer.Exit(code)
