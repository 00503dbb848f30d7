"""What the service does for video by itself: makes room, keeps the terms, makes exports, tells of disks that fail."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from typing import Final

from service import outages
from service.objects_store import ObjectsAway
from service.store.database import Store
from service.video.exports import expire, make_exports
from service.video.keeper import Kept, cameras, keep_days, keep_share
from service.video.state import state_of, told_states
from service.video.stored import Shelf, shelf_of
from service.video.stored_terms import keep_stored

log = logging.getLogger(__name__)

KEEP_S: Final = 60.0
"""How often terms and expired exports are looked at; the disk's room is looked at every round."""
KEEP_STORED_S: Final = 1800.0
"""How often the terms of what lies in the object store are: its days are listed camera by camera."""
ONLY_HELD: Final = "only_held"


@dataclass(slots=True)
class VideoRound:
    """One round after the other; remembers when the slower parts ran."""

    store: Store
    _kept_at: float | None = None
    _told: dict[str, str | None] = field(default_factory=dict)

    def run(self) -> None:
        """One round."""
        shelf = shelf_of(self.store.settings)
        kept = keep_share(self.store) if shelf is None else Kept()  # who stores it makes room by himself
        now = time.monotonic()
        if self._kept_at is None or now - self._kept_at >= (KEEP_S if shelf is None else KEEP_STORED_S):
            self._kept_at = now
            self._keep(shelf)
        expire(self.store)
        self._tell(only_held=kept.only_held)
        make_exports(self.store)

    def _keep(self, shelf: Shelf | None) -> None:
        if shelf is None:
            keep_days(self.store)
            return
        try:
            keep_stored(self.store, shelf)
        except ObjectsAway as error:
            log.warning("What is over its term stays in the object store for now: %s.", error)

    def _tell(self, *, only_held: bool) -> None:
        """Outages of disks: what recorders say here and on other machines, and one on which only held video is left."""
        settings = self.store.settings
        own = f"disk:{settings.video_folder.name}"
        here = [said for camera in cameras(settings.video_folder) if (said := state_of(settings, camera)) is not None]
        wrong: dict[str, str | None] = {own: ONLY_HELD} if only_held else {own: None}
        for said in (*here, *told_states(settings.home)):
            component = own if said.machine is None else f"disk:{said.machine}"
            wrong.setdefault(component, None)
            if said.state == "paused" and not said.gone:
                wrong[component] = wrong[component] or said.reason
        for component in sorted({*self._told, *wrong}):
            self._change(component, wrong.get(component))
        self._told = wrong

    def _change(self, component: str, reason: str | None) -> None:
        if component in self._told and self._told[component] == reason:
            return
        outages.end(self.store, component)
        if reason is not None:
            outages.begin(self.store, component, reason)
