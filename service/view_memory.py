"""What a camera's worker has learned of its view, kept over a restart: a camera moved meanwhile must not pass as well.

Kept for a short while only: by tomorrow the light is another, and the view is learned anew.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from io import BytesIO
from typing import TYPE_CHECKING, Final
from zipfile import BadZipFile

import numpy as np

from vision.drift import Look

if TYPE_CHECKING:
    from pathlib import Path

FRESH: Final = timedelta(minutes=30)
"""An older view is not held against the present one: over half an hour dusk changes it."""
EVERY: Final = timedelta(seconds=60)
"""How often it is written."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ViewMemory:
    """A file with the view of one camera (`vision.drift.Memory`).

    Attributes:
        path: of the file.
        kept_at: when it was last written by this process.
    """

    path: Path
    kept_at: datetime | None = None

    def recall(self, moment: datetime) -> Look | None:
        """The view learned shortly before; None where there is none, or it is too old."""
        try:
            with np.load(BytesIO(self.path.read_bytes()), allow_pickle=False) as stored:
                kept_at = datetime.fromisoformat(str(stored["at"]))
                look = Look(*(np.asarray(stored[name], np.float32) for name in ("coarse", "fine", "bright", "edges")))
        except FileNotFoundError:
            return None
        except (OSError, KeyError, ValueError, BadZipFile, EOFError) as error:
            log.warning("the view kept in %s cannot be read: %s", self.path.name, error.__class__.__name__)
            return None
        return look if timedelta(0) <= moment - kept_at <= FRESH else None

    def keep(self, look: Look, moment: datetime) -> None:
        """Write the view down, no oftener than `EVERY`."""
        if self.kept_at is not None and moment - self.kept_at < EVERY:
            return
        self.kept_at = moment
        self.path.parent.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        with partial.open("wb") as file:
            np.savez(file, at=np.array(moment.isoformat()), **asdict(look))
        partial.replace(self.path)

    def forget(self) -> None:
        """The scene was drawn anew: whatever is seen now is right."""
        self.path.unlink(missing_ok=True)
        self.kept_at = None
