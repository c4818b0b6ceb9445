from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as some

from ui.monitoring.gutters import spread_out


def test_labels_with_room_stay_where_they_belong() -> None:
    assert spread_out([20.0, 60.0], 9.0, 91.0, 17.0) == [20.0, 60.0]


def test_a_label_at_the_lower_edge_moves_up_with_its_neighbour() -> None:
    assert spread_out([85.0, 90.0], 9.0, 91.0, 17.0) == [74.0, 91.0]


@given(some.lists(some.floats(-50, 150), max_size=12))
def test_labels_never_touch_and_never_leave_the_gutter(wanted: list[float]) -> None:
    places = spread_out(sorted(wanted), 9.0, 91.0, 17.0)
    assert all(b - a >= 17.0 - 1e-9 for a, b in itertools.pairwise(places))
    assert all(9.0 - 1e-9 <= y <= 91.0 + 1e-9 for y in places)
    assert len(places) == min(len(wanted), 5)
