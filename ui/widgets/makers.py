"""Makes panels by their registered names, at once or when they are first seen, and remembers which were made."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ui.widgets.later import LaterPanel
from ui.widgets.panel import Panel, PanelContext


class PanelMaker:
    """``made`` holds every panel by name, oldest first."""

    def __init__(self, ctx: PanelContext, factories: Mapping[str, Callable[[PanelContext], Panel]]) -> None:
        self.ctx = ctx
        self.made: dict[str, list[Panel]] = {}
        self._factories = factories
        self._later: dict[str, LaterPanel] = {}

    def make(self, name: str) -> Panel:
        """A new panel.

        Raises KeyError for a name that is not registered.
        """
        panel = self._factories[name](self.ctx)
        self.made.setdefault(name, []).append(panel)
        return panel

    def make_later(self, name: str, title_key: str, arrived: Callable[[Panel], None]) -> Panel:
        """A panel that gives way to the one of that name when it is first seen."""

        def make() -> Panel:
            self._later.pop(name, None)
            return self.make(name)

        later = LaterPanel(self.ctx, title_key, make, arrived)
        self._later[name] = later
        return later

    def panel(self, name: str) -> Panel | None:
        """The first panel made under a name, if its place has been built; one that was put off is built now."""
        if name in self._later:
            self._later[name].bring()
        made = self.made.get(name)
        return made[0] if made else None
