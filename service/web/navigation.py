"""Which pages a role opens, and where it lands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from qyran.roles import Role
from service.access import ALERT_READERS, CAMERA_READERS, KPI_READERS, QUEUE_READERS
from service.access_register import READERS as ACCESS_READERS
from service.cluster.overview import READERS as MACHINE_READERS
from service.delivery_view import OUTBOX_READERS
from service.exchange.readers import WATCHERS as EXCHANGE_WATCHERS
from service.exemptions import FLAG_READERS, PERMIT_READERS
from service.faces.orders import READERS as FACE_READERS
from service.fine_payments import READERS as FINE_READERS
from service.functions import Function, offers
from service.imports.intake import READERS as IMPORT_READERS
from service.notifying.health import READERS as RECEIVER_READERS
from service.passages import PASSAGE_READERS
from service.protected_objects.card import SEERS as OBJECT_SEERS
from service.quarantine import READERS as SUPERVISORS
from service.sensors.registry import READERS as SENSOR_READERS
from service.settings import Settings
from service.video.rights import OVERSEERS
from service.watch_hits import HIT_READERS
from service.watch_lists import LIST_READERS

JOURNAL_READERS: Final = frozenset({Role.AUDITOR, Role.DATA_PROTECTION_OFFICER})
PRIVACY_READERS: Final = JOURNAL_READERS
USER_READERS: Final = frozenset({Role.ADMINISTRATOR, Role.AUDITOR})

PAGES: Final = (
    ("/cases", "nav.cases", QUEUE_READERS),
    ("/fines", "nav.fines", FINE_READERS),
    ("/deliveries", "nav.deliveries", OUTBOX_READERS),
    ("/passages", "nav.passages", PASSAGE_READERS),
    ("/watch", "nav.watch", LIST_READERS),
    ("/faces", "nav.faces", FACE_READERS),
    ("/alarms", "nav.alarms", ALERT_READERS),
    ("/alarms/receivers", "nav.receivers", RECEIVER_READERS - {Role.SYSTEM}),
    ("/objects", "nav.objects", OBJECT_SEERS),
    ("/sensors", "nav.sensors", SENSOR_READERS),
    ("/video", "nav.video", OVERSEERS - {Role.SYSTEM}),
    ("/kpi", "nav.kpi", KPI_READERS),
    ("/imports", "nav.imports", IMPORT_READERS),
    ("/exchange", "nav.exchange", EXCHANGE_WATCHERS),
    ("/cameras", "nav.cameras", CAMERA_READERS),
    ("/machines", "nav.machines", MACHINE_READERS),
    ("/supervision", "nav.supervision", SUPERVISORS),
    ("/exemptions", "nav.exemptions", FLAG_READERS | PERMIT_READERS),
    ("/users", "nav.users", USER_READERS),
    ("/access", "nav.access", ACCESS_READERS),
    ("/privacy", "nav.privacy", PRIVACY_READERS),
    ("/journal", "nav.journal", JOURNAL_READERS),
)

FUNCTIONS: Final[dict[str, Function]] = {"/passages": "passages", "/watch": "watch_lists"}
"""Pages that exist only where the city's category has their function."""

HIT_STREAM: Final = "/api/v1/watch/stream"

LANDING: Final = {Role.ADMINISTRATOR: "/users", Role.DATA_PROTECTION_OFFICER: "/privacy/requests"}
"""Where a role starts if that is not the first page it opens."""


@dataclass(frozen=True, slots=True)
class Item:
    """One link of the navigation; `key` is its text, `stream` tells of what waits behind it, on every page."""

    path: str
    key: str
    current: bool
    stream: str | None = None


def items(roles: frozenset[Role], path: str, settings: Settings) -> tuple[Item, ...]:
    """The links for somebody with these roles in this city."""
    here = max((start for start, _, _ in PAGES if path == start or path.startswith(f"{start}/")), key=len, default="")
    return tuple(
        Item(start, key, start == here, _stream(roles, start))
        for start, key, who in PAGES
        if roles & who
        and (start not in FUNCTIONS or offers(settings, FUNCTIONS[start]))
        and (start != "/faces" or settings.faces_file is not None)
    )


def _stream(roles: frozenset[Role], start: str) -> str | None:
    return HIT_STREAM if start == "/watch" and roles & HIT_READERS else None


def landing(roles: frozenset[Role]) -> str:
    """The page somebody with these roles starts on."""
    for role in sorted(roles):
        if role in LANDING and len(roles) == 1:
            return LANDING[role]
    return next((start for start, _, who in PAGES if roles & who), "/about")
