"""How tags travel when they are dragged; apart from the plots, so that the tree need not load them."""

from __future__ import annotations

from PySide6.QtGui import QDropEvent

TAGS_MIME = "application/x-ankan-tags"


def dropped_tags(event: QDropEvent) -> list[int]:
    """Ids of the tags that were dragged here."""
    return [int(part) for part in bytes(event.mimeData().data(TAGS_MIME).data()).split()]
