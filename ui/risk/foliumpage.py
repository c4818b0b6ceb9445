"""The page of the web map, made by folium, with every file of it from this program and none from the network.

folium is imported here alone and late: it costs as much as the rest of the window.
"""

from __future__ import annotations

from functools import cache

from models.risk import Grade
from ui.risk.look import STEP

SCRIPTS = [
    ("leaflet", "leaflet/leaflet.js"),
    ("channel", "qwebchannel.js"),
    ("layout", "map/layout.js"),
    ("ankan", "map/map.js"),
]
STYLES = [("leaflet_css", "leaflet/leaflet.css"), ("ankan_css", "map/map.css")]
NAME = "map_plant"  # map.js starts on the map of this name

#: Strokes of a hatch in a square of one step.
_LINES = {
    Grade.RED: "M0 {s}L{s} 0M0 0L{s} {s}",
    Grade.ORANGE: "M-2 2L2 -2M0 {s}L{s} 0M{i} {o}L{o} {i}",
    Grade.YELLOW: "M-2 {i}L2 {o}M0 0L{s} {s}M{i} -2L{o} 2",
    Grade.BLUE: "M0 {h}L{s} {h}",
}


def hatches() -> str:
    """SVG patterns of the four grades; their colours are the style sheet's, so that the theme can switch them."""
    made = []
    for grade, step in STEP.items():
        lines = _LINES[grade].format(s=step, h=step / 2, i=step - 2, o=step + 2)
        made.append(
            f'<pattern id="hatch-{grade.value}" width="{step}" height="{step}" patternUnits="userSpaceOnUse">'
            f'<rect width="{step}" height="{step}"/><path d="{lines}"/></pattern>'
        )
    return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{"".join(made)}</defs></svg>'


@cache
def page() -> bytes:
    """The page as UTF-8; the same for every plant and language, which are told to it afterwards."""
    import folium
    from branca.element import Element, Figure

    class PlantMap(folium.Map):
        default_js = SCRIPTS
        default_css = STYLES

        def get_name(self) -> str:
            return NAME

    figure = Figure(title="Ankan")
    plant = PlantMap(
        location=[0, 0],
        tiles=None,
        crs="Simple",
        zoom_start=0,
        zoom_control=False,
        attribution_control=False,
        zoom_snap=0,
        font_size="12px",
        double_click_zoom=False,
        scroll_wheel_zoom=False,
        box_zoom=False,
        keyboard=False,
        zoom_animation=False,
        fade_animation=False,
        marker_zoom_animation=False,
        inertia=False,
        track_resize=False,
        close_popup_on_click=False,
    )
    plant.add_to(figure)
    figure.html.add_child(Element(hatches()), name="hatches")
    return str(figure.render()).encode()
