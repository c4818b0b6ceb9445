"""Both maps in turn, on the demo's plant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from shiboken6 import isValid

from tests.ui.conftest import flush
from tests.ui.risk.hands import Hand


@pytest.fixture
def hands(themed: Any) -> Iterator[Callable[..., Hand]]:
    """Makes maps and puts them away."""
    made: list[Hand] = []

    def make(kind: str, **more: Any) -> Hand:
        made.append(Hand(kind, **more))
        return made[-1]

    yield make
    for hand in made:
        if isValid(hand.map):
            hand.close()
    made.clear()
    flush()


@pytest.fixture(params=["native", "web"])
def hand(request: pytest.FixtureRequest, hands: Callable[..., Hand]) -> Hand:
    """The demo's plant on each map."""
    return hands(request.param)
