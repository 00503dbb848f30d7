"""One installation on a temporary home, with its people, receiver and load: what a cell strikes and asks after."""

from __future__ import annotations

import shutil
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import httpx
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from qyran.errors import QyranError
from qyran.roles import SYSTEM, Role
from service import auth
from service import cameras as register
from service.bench_alerts_receiver import StandIn, receiving
from service.bench_faults import happenings
from service.bench_faults.forking import Forked, Helper
from service.bench_faults.happenings import Happenings
from service.bench_faults.programs import Program, free_port, until
from service.fault_points import VARIABLE
from service.notifying.messages import State as MessageState
from service.outbox import State as OutboxState
from service.ports.erap import development_erap
from service.settings import Settings, load_settings
from service.spool import Spool
from service.spool_segments import lines_in
from service.store.database import Store, make_engine, open_store
from service.store.delivery_tables import OutboxMessage
from service.store.notice_tables import AlertMessage
from service.store.tables import ViolationCase
from service.store.vault import installation_vault
from violations.case import CaseState

if TYPE_CHECKING:
    from service.bench_faults.postgres import Postgres

SECRET: Final = "orange tulips over Medeu"  # noqa: S105 - of an installation that lives for a minute
SETTLE_S: Final = 420.0
"""Longer than the longest lease that a kill at any moment may leave behind, a decision's of five minutes."""
ASK_S: Final = 20.0
EVERYWHERE: Final = "0.0.0.0"  # noqa: S104  a host of its own at the end of a cable must reach it
PEOPLE: Final = (Role.POLICE_OFFICER, Role.ADMINISTRATOR, Role.SITUATIONAL_OPERATOR)
ALERTS: Final = """
[sender]
id = "faults"

[[receivers]]
id = "city"
channel = "webhook"
url = "{url}"
secret = "env:FAULTS_SECRET"
steps = ["every"]
timeout_s = 2
{more}
"""
ONE_AT_A_TIME: Final = threading.Lock()
"""Migrations know one thread only."""


@dataclass(frozen=True, slots=True)
class Model:
    """A home as it is before anything happens, made once and copied for each cell.

    Attributes:
        home: folder with keys, and the store where that is SQLite.
        postgres: the server of the others.
        helper: forks the product's programs.
    """

    home: Path
    helper: Helper
    postgres: Postgres | None = None
    database: str = "faults_model"


def model(folder: Path, helper: Helper, postgres: Postgres | None) -> Model:
    """Make the store, its people and cameras."""
    made = Model(folder / ("model-pg" if postgres else "model"), helper, postgres)
    url = postgres.make(made.database) if postgres else ""
    with ONE_AT_A_TIME:
        store = open_store(load_settings(home=made.home, database_url=url), demo=True)
    try:
        with store.write(SYSTEM) as work:
            for role in PEOPLE:
                auth.add_user(work, name_of(role), SECRET, [role])
            for camera in happenings.cameras():
                register.register(work, camera)
        if not url:
            with store.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        store.close()
    return made


def name_of(role: Role) -> str:
    """The name of the one who has a role here."""
    return role.value.replace("_", "-")


@dataclass(slots=True)
class House:
    """The installation of one cell.

    Attributes:
        folder: everything of the cell.
        settings: of the installation.
        environment: of its programs.
        happenings: what cameras tell, and what was acknowledged.
        receiver: the city's system that alerts are told to.
        decisions: how many the officer signs.
        receivers: those that must hear everything; all where none is named.
        tls: its certificate, of itself, and the file of its key; it speaks plain http where none is named.
        answers: whether the register answers, and its answers must be taken in; otherwise it only takes decisions.
        steps: what the officer's requests were answered with.
    """

    folder: Path
    settings: Settings
    environment: dict[str, str]
    happenings: Happenings
    receiver: StandIn
    helper: Helper
    port: int
    serve: Forked | Program | None = None
    decisions: int = 1
    receivers: tuple[str, ...] = ()
    answers: bool = True
    tls: tuple[Path, Path] | None = None
    steps: Counter[str] = field(default_factory=Counter)

    @property
    def base(self) -> str:
        """Address of the service."""
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def verify(self) -> ssl.SSLContext | bool:
        """Whom its people trust."""
        return ssl.create_default_context(cafile=self.tls[0]) if self.tls else True

    @property
    def log(self) -> Path:
        """What the programs said."""
        return self.folder / "serve.log"

    def start(self, fault: str | None = None) -> None:
        """Start the service; with a fault point (value of ``QYRAN_FAULT_POINT``) it dies or is held there."""
        environment = {**self.environment, **({VARIABLE: fault} if fault else {})}
        words = ["serve", "--port", str(self.port)]
        if self.tls:
            words += ["--host", EVERYWHERE, "--certificate", str(self.tls[0]), "--private-key", str(self.tls[1])]
        self.serve = Forked("serve", words, environment, self.log, self.helper)
        self.serve.start()

    def healthy(self) -> bool:
        """Whether the service answers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.base}/healthz", timeout=2, verify=self.verify).status_code == httpx.codes.OK
        return False

    def wait_until_healthy(self) -> None:
        """Wait for the service."""
        until(self.healthy, f"The service does not start: {self.last_words()}")

    def last_words(self) -> str:
        """The end of the service's log."""
        with suppress(OSError):
            return self.log.read_text(encoding="utf-8", errors="replace")[-600:]
        return ""

    def first_load(self) -> None:
        """What the cameras tell before the strike."""
        for type_ in ("passage", "violation", "incident", "stream", "fire_alert", "passage", "violation"):
            self.happenings.tell(type_)

    def second_load(self) -> None:
        """What they tell after it."""
        for type_ in ("passage", "incident", "stream"):
            self.happenings.tell(type_)

    def store(self) -> Store:
        """The store, for whoever asks; to be closed. Its schema is the model's."""
        return Store(make_engine(self.settings), self.settings, installation_vault(self.settings.home), demo=True)

    @contextmanager
    def officer(self) -> Iterator[None]:
        """Somebody who signs what waits, and goes on after every failure as a person would."""
        stop = threading.Event()

        def act() -> None:
            while not stop.wait(0.2):
                try:
                    if self._decide():
                        return
                except (httpx.HTTPError, KeyError, ValueError, TypeError, IndexError) as error:
                    self.steps[type(error).__name__] += 1

        thread = threading.Thread(target=act, name="officer", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join(ASK_S * 3)

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=f"{self.base}/api/v1", timeout=ASK_S, verify=self.verify)

    def _decide(self) -> bool:
        """Take a step with the officer's work; whether all wanted decisions are signed."""
        with closing(self._client()) as client:
            answer = client.post("/session", json={"username": name_of(Role.POLICE_OFFICER), "password": SECRET})
            client.headers["x-csrf-token"] = str(answer.json()["csrf"])
            signed = client.get("/cases", params={"state": CaseState.SIGNED.value}).json()["total"]
            while signed < self.decisions:
                case = self._next(client)
                if case is None:
                    return False
                if case["state"] != CaseState.OFFICER_CONFIRMED:
                    body = {"offence": case["offences"][0], "plate": case.get("plate"), "version": case["version"]}
                    case = self._ask(client, f"/cases/{case['id']}/confirm", body)
                self._ask(client, f"/cases/{case['id']}/sign", {"version": case["version"]})
                signed += 1
        return True

    def _next(self, client: httpx.Client) -> dict[str, Any] | None:
        for state in (CaseState.OFFICER_CONFIRMED, CaseState.IN_REVIEW):
            items = client.get("/cases", params={"state": state.value}).json()["items"]
            if items:
                found: dict[str, Any] = client.get(f"/cases/{items[0]['id']}").json()
                return found
        answer = client.post("/cases/next")
        self.steps[f"next {answer.status_code}"] += 1
        return client.get(f"/cases/{answer.json()['id']}").json() if answer.status_code == httpx.codes.OK else None

    def _ask(self, client: httpx.Client, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        answer = client.post(path, json=dict(body))
        self.steps[f"{path.rpartition('/')[2]} {answer.status_code}"] += 1
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found

    def settle(self, true: Callable[[], bool] | None = None, seconds: float = SETTLE_S) -> bool:
        """Wait until everything that was told has arrived everywhere; False where it does not."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with suppress(SQLAlchemyError, QyranError, OSError), closing(self.store()) as store:
                while time.monotonic() < end:
                    if self.answers:
                        development_erap(store).acknowledge()
                    if (true is None or true()) and not self.waits(store):
                        return True
                    time.sleep(0.2)
            time.sleep(0.5)
        return False

    def waits(self, store: Store) -> list[str]:
        """What has not arrived yet."""
        spool = self.settings.spool_folder
        left = [
            f"spool/{name}" for name in ("new", "making") if (spool / name).is_dir() and any((spool / name).iterdir())
        ]
        left += ["spool/segments"] if lines_in(spool / "segments") else []
        with store.read() as work:
            query = select(func.count()).select_from(AlertMessage).where(AlertMessage.state == MessageState.QUEUED)
            query = query.where(AlertMessage.receiver.in_(self.receivers)) if self.receivers else query
            left += ["alert messages"] if work.session.scalar(query) else []
            away = (OutboxState.QUEUED, OutboxState.HANDED) if self.answers else (OutboxState.QUEUED,)
            query = select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state.in_(away))
            left += ["outbox"] if work.session.scalar(query) else []
            query = select(func.count()).select_from(ViolationCase).where(ViolationCase.state == CaseState.SIGNED)
            left += ["decisions"] if (work.session.scalar(query) or 0) < self.decisions else []
        return left

    def outages(self) -> list[str]:
        """What the page of outages names, by component and reason."""
        with closing(self._client()) as client:
            client.post("/session", json={"username": name_of(Role.ADMINISTRATOR), "password": SECRET})
            answer = client.get("/outages")
            items = answer.json()
        rows = items["items"] if isinstance(items, dict) else items
        return sorted({f"{one['component']}: {one['reason']}" for one in rows})


@contextmanager
def house(
    made: Model, folder: Path, *, number: int, more: str = "", environment: Mapping[str, str] | None = None,
    receiver: StandIn | None = None, home: Path | None = None,
) -> Iterator[House]:  # fmt: skip
    """A copy of the model for one cell; its programs end with it.

    Args:
        made: what is copied.
        folder: of the run.
        number: of the cell.
        more: of the receiver in the alerts file.
        environment: of the programs, besides.
        receiver: the city's system; one that never fails where not given.
        home: where the home is copied to, such as a small disk.
    """
    place = folder / f"cell-{number}"
    place.mkdir()
    at_home = home or place / "home"
    shutil.copytree(made.home, at_home, dirs_exist_ok=True)
    name = f"faults_{number}"
    url = made.postgres.make(name, made.database) if made.postgres else ""
    city = receiver or StandIn()
    with receiving(city) as address:
        alerts = place / "alerts.toml"
        alerts.write_text(ALERTS.format(url=address, more=more), encoding="utf-8")
        given = {
            "QYRAN_HOME": str(at_home), "QYRAN_DATABASE_URL": url, "QYRAN_ALERTS_FILE": str(alerts),
            "FAULTS_SECRET": "of-the-cell", "QYRAN_SECOND_LOOK_SHARE": "0", **(environment or {}),
        }  # fmt: skip
        settings = load_settings(home=at_home, database_url=url)
        made_house = House(
            place, settings, given, Happenings(at_home, Spool(settings.spool_folder)), city, made.helper, free_port()
        )
        try:
            yield made_house
        finally:
            if made_house.serve is not None:
                made_house.serve.kill()
            if made.postgres is not None and made.postgres.program.alive:
                made.postgres.drop(name)
