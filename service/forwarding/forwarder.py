"""Sends what waits in a machine's own spool to the service: each camera's events in order, again until it is taken.

An event leaves the spool once the service has it on disk. A line that breaks, a service that is upgraded, a full disk
over there: everything waits here. One event that can never be taken is set aside with the service's reason and blocks
nobody; one that can be taken later (it is of a newer version) holds up its own camera alone.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from qyran.errors import AccessError, InputError, NotFound
from service.backoff import doubled, spread
from service.cluster.desk import DeskAway
from service.forwarding.client import NotYet

if TYPE_CHECKING:
    from service.forwarding.client import ServiceClient
    from service.spool import Spool

LOOK_S: Final = 0.05
"""How often the spool's folder is looked at."""
FIRST: Final = timedelta(seconds=0.5)
LONGEST: Final = timedelta(seconds=15)
"""Wait before the next try; short enough that a service that is back has everything soon."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """What one round did: events delivered, set aside, and left waiting because the service cannot take them yet.

    Attributes:
        away: why nobody took anything any more; None where the round came to its end.
    """

    delivered: int = 0
    aside: int = 0
    held_up: int = 0
    away: str | None = None


def forward(spool: Spool, client: ServiceClient) -> Sent:
    """Send everything that waits, oldest first."""
    sent = Sent()
    held_up: set[str] = set()
    for item in spool.pending():
        if item.event.camera in held_up:
            sent = replace(sent, held_up=sent.held_up + 1)
            continue
        try:
            client.deliver(item.event, item.evidence if item.evidence.is_dir() else None)
        except DeskAway as error:
            return replace(sent, away=str(error))
        except NotYet as error:
            log.warning("An event of the camera %s waits: %s", item.event.camera, error)
            held_up.add(item.event.camera)
            sent = replace(sent, held_up=sent.held_up + 1)
        except OSError as error:
            log.warning("A file of the camera %s cannot be read: %s", item.event.camera, error.strerror)
            held_up.add(item.event.camera)
            sent = replace(sent, held_up=sent.held_up + 1)
        except (InputError, AccessError, NotFound) as error:
            spool.set_aside(item, f"the service refused it: {error}")
            sent = replace(sent, aside=sent.aside + 1)
        else:
            spool.done(item)
            sent = replace(sent, delivered=sent.delivered + 1)
    return sent


@dataclass(slots=True)
class Forwarder:
    """Forwards for ever.

    Attributes:
        spool: this machine's.
        client: speaks to the service.
        stop: set to end.
    """

    spool: Spool
    client: ServiceClient
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send as events come, until told to stop."""
        tries, seen, away = 0, None, False
        while not self.stop.is_set():
            stirred = self.spool.stirred()
            if stirred == seen and not tries:
                self.stop.wait(LOOK_S)
                continue
            seen = stirred
            try:
                sent = forward(self.spool, self.client)
            except OSError as error:
                log.warning("The spool cannot be read: %s", error.strerror)
                sent = Sent(away=str(error.strerror))
            away = self._say(sent.away, away=away)
            if sent.away is None and not sent.held_up:
                tries = 0
                if sent.delivered:
                    seen = None  # look once more: the clock of a folder ticks coarsely
                continue
            self.stop.wait(spread(doubled(FIRST, LONGEST, tries)).total_seconds())
            tries += 1

    def rest(self) -> Sent:
        """Send what is left before the machine leaves; one round."""
        return forward(self.spool, self.client)

    @staticmethod
    def _say(reason: str | None, *, away: bool) -> bool:
        if reason is not None and not away:
            log.warning("Events wait in this machine's spool: %s", reason)
        elif reason is None and away:
            log.info("Events reach the service again.")
        return reason is not None
