"""The taps on one live camera's packets: its recorder, and what gives them to viewers.

Neither can hold up or stop the analysis: what fails here is told, and the camera goes on without it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from service.video.state import say
from vision.live_feed import LiveFeed
from vision.recording import Recorder, RecordingTerms

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from service.settings import Settings
    from vision.archive import PacketTap
    from vision.stream_settings import StreamStatus
    from vision.types import Frame

log = logging.getLogger(__name__)


class CameraVideo:
    """Recording and live view of one camera while its process runs; nothing for a file that is read.

    Args:
        camera: its id.
        settings: of the installation.
        live: whether it is a camera, not a file.
    """

    def __init__(self, camera: str, settings: Settings, *, live: bool) -> None:
        self._recorder: Recorder | None = None
        self._feed: LiveFeed | None = None
        if not live:
            return
        if settings.video_archive:
            archive = settings.video_folder
            terms = RecordingTerms(reserve=settings.video_reserve)
            self._recorder = Recorder(archive, camera, terms, lambda found: say(archive, camera, found))
        try:
            self._feed = LiveFeed(settings.live_folder, camera)
        except OSError as error:
            log.warning("camera %s has no live view: %s", camera, error)

    @property
    def taps(self) -> tuple[PacketTap, ...]:
        """What the camera's ring feeds."""
        return tuple(part.queue for part in (self._recorder, self._feed) if part is not None)

    def status(self, also: Callable[[StreamStatus], None]) -> Callable[[StreamStatus], None]:
        """What the stream tells of being up or down, told to viewers too."""
        feed = self._feed

        def tell(status: StreamStatus) -> None:
            if feed is not None:
                feed.status(status)
            also(status)

        return tell

    def passing(self, frames: Iterable[Frame]) -> Iterable[Frame] | Iterator[Frame]:
        """The same frames; the newest is at hand for a still."""
        return frames if self._feed is None else self._feed.passing(frames)

    def close(self) -> None:
        """Put the last segment in place and end."""
        for part in (self._feed, self._recorder):
            if part is not None:
                part.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
