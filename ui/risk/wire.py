"""What is said to the page for a change of the state: JSON text of operations, as resources/web/map/map.js hears them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import msgspec

from app.paths import resource_path
from models.maps import Marker
from ui.risk import look
from ui.risk.mapbuttons import BUTTONS
from ui.risk.mapstate import Change, MapState
from ui.risk.overlay import measures
from ui.theme import theme

encode = msgspec.json.Encoder().encode


def wire(state: MapState, changes: Sequence[Change], serial: int) -> str:
    """One message for some changes; the page answers with the serial when all is drawn."""
    return encode({"serial": serial, "ops": [_op(state, change) for change in changes]}).decode()


def _op(state: MapState, change: Change) -> dict[str, Any]:
    made = _MAKERS[change.what](state, change)
    return {"what": change.what, **made}


def _look(state: MapState, change: Change) -> dict[str, Any]:
    tokens = {k: v for k, v in dataclasses.asdict(theme().tokens).items() if isinstance(v, str) and k != "name"}
    size = measures()
    sizes = {
        "badge": size.badge,
        "icon": size.icon,
        "label": size.label,
        "font": size.font,
        "button": theme().sizes.button,
        "uiicon": theme().sizes.icon,
        "handle": 24 if theme().touch else 11,
        "reach": 22 if theme().touch else 9,
    }
    icons = icons_of(BUTTONS.values())
    return {"tokens": tokens, "sizes": sizes, "words": look.words(), "theme": theme().name, "icons": icons}


def _plan(state: MapState, change: Change) -> dict[str, Any]:
    drawing, picture = state.drawing, state.picture()
    return {
        "extent": state.extent(),
        "picture": f"plan/{picture.revision}-{len(picture.data)}" if picture is not None else "",
        "rings": drawing.rings,
        "lines": drawing.lines,
        "texts": [(t.x, t.y, t.text, t.text_en, t.room_m, t.strong) for t in drawing.texts],
        "fit": state.eye is None,
    }


def _shapes(state: MapState, change: Change) -> dict[str, Any]:
    return {
        "shapes": list(state.shapes.values()),
        "extent": state.extent(),
        "fit": state.eye is None,
    }


def _put(state: MapState, change: Change) -> dict[str, Any]:
    markers: list[Marker] = [state.markers[i] for i in change.ids if i in state.markers]
    return {"markers": markers, "icons": icons_of({m.icon for m in markers if m.icon})}


_MAKERS: dict[str, Callable[[MapState, Change], dict[str, Any]]] = {
    "look": _look,
    "plan": _plan,
    "shapes": _shapes,
    "paint": lambda s, c: {"paints": [s.paint(code) for code in c.ids]},
    "put": _put,
    "drop": lambda s, c: {"ids": c.ids},
    "layer": lambda s, c: {"hidden": sorted(s.hidden)},
    "select": lambda s, c: {"target": s.selected},
    "tool": lambda s, c: {"kind": s.tool.kind, "code": s.tool.code, "layers": s.tool.layers},
    "fit": lambda s, c: {},
    "eye": lambda s, c: msgspec.to_builtins(s.eye),
}


@cache
def _icon(name: str) -> str:
    return resource_path("icons", f"{name}.svg").read_text("utf-8").strip()


def icons_of(names: Iterable[str]) -> dict[str, str]:
    """SVG text of icons.

    Raises FileNotFoundError for one that does not exist.
    """
    return {name: _icon(name) for name in names}
