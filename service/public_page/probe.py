"""The probe of the public page."""

from __future__ import annotations

from service.public_page.figures import public_figures
from service.public_page.uptime import note
from service.store.database import Store


def beat(store: Store) -> None:
    """Make the page's figures and note that they came; any error of the probe is the caller's, and no mark is left."""
    public_figures(store)
    with store.write() as work:
        note(work)
