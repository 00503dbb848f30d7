"""Settings of an installation: environment variables with the prefix ``QYRAN_``; nothing secret has a default."""

from __future__ import annotations

import os
import re
import socket
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from kpi_catalog.period import PeriodKind
from qyran.errors import ConfigError
from qyran.roles import OFFICERS, Role
from qyran.secret_files import is_guessed_first, refuse_open_file
from service.functions import Function
from service.i18n import Language
from violations.case import Terms
from violations.duplicates import MergeTerms
from violations.quality import QualityTerms

if TYPE_CHECKING:
    from service.detectors import ModelChoice

SECOND_FACTOR: Final = OFFICERS | {Role.ADMINISTRATOR, Role.DATA_PROTECTION_OFFICER}
"""Who signs, gives rights, or reads and erases for others."""


LEAST_DATABASE: Final = 8
"""Characters of the database's password."""


def home() -> Path:
    """The installation's folder: ``$QYRAN_HOME``, else ``$XDG_DATA_HOME/qyran``, else ``~/.local/share/qyran``."""
    named = os.environ.get("QYRAN_HOME")
    if named:
        return Path(named).expanduser().absolute()
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base).expanduser() if base else Path.home() / ".local" / "share").absolute() / "qyran"


class Settings(BaseSettings):
    """What an installation decides.

    Attributes:
        home: keys, and by default everything else.
        database_url: SQLAlchemy URL of PostgreSQL or SQLite, without a password; default SQLite under home.
        database_password: "env:NAME" or "file:PATH" holding PostgreSQL's password.
        spool, evidence, documents: folders of waiting events, evidence packages and signed decisions.
        passages: folder of the pictures of passages.
        masked: folder of masked copies of evidence.
        evidence_file: time stamps, clocks, publishing (`service.evidence_settings`).
        models: folder of installed models; default under home.
        road_model, fire_model, plates_model: names of shipped or installed models, or paths of cards.
        engine: what runs the models, see `vision.engine.ENGINES`.
        decoder: of live streams; `cuda` decodes on a graphics card (NVDEC), where there is one.
        motion_gate: where nothing stirs in a live picture the last look holds, a second at most; what is faint, small
            and gone before the next look is then missed.
        inference: `shared`, one process runs the models of all cameras of a worker; `local`, each camera's own does.
        city_id, city_name_kk, city_name_ru, city_name_en: the city.
        alerts_file: who is told of alerts, and by which channel (`service.notifying.routing`).
        city_file: who issues decisions and where fines are paid (`service.city`).
        exchange_file: to which addresses the feed is pushed (`service.exchange.push_settings`).
        delivery_file: by which channels decisions leave (`service.delivery_settings`).
        signing_file: whose keys sign them (`service.document_signer`).
        faces_file: which external system of face recognition is asked; without it the port is off.
        sensors_file: from which broker smoke and heat sensors are heard (`service.sensors.settings`).
        escalation_file: who is told when nobody answers an alert (`service.alerting.due`).
        map_file: MBTiles under the map of alarms (`service.places.tiles`); without it the map is a plain grid.
        city_category: column of order 469/НҚ it is judged by.
        time_zone: IANA zone that months and days are counted in.
        language: of a page before somebody chose.
        public_url: address of this service as people reach it; with https, cookies are Secure.
        session_idle_minutes, session_hours: a login ends after so long without a request, and after so long at most.
        login_attempts, login_window_minutes: so many wrong passwords within so long stop a name and an address.
        account_requests, account_searches: requests of one person a minute, and of these searches and exports; as many
            at once; 0 counts nothing.
        address_requests: requests of one network address a minute; a police station may share one.
        second_factor_roles: who has to have a second factor, by commas or `none`; where it is not given, officers,
            administrators and data-protection officers as soon as people reach the service over TLS.
        claim_lapse_minutes: a claimed case without an action goes back into the queue after this.
        queue_warning_hours: a case that nobody claimed for so long is shown as late.
        second_look_mci: a penalty of so many monthly calculation indices or more needs a second pair of eyes.
        second_look_share, sample_auto_rejected: share of the other confirmations, and of automatic rejections, that a
            second person looks at.
        merge_seconds: reports of one happening within so long become one alert or case.
        stream_lost_s: a camera's stream that is away for longer is told as an incident.
        merge_standing_minutes, merge_metres: two reports of a standing vehicle within so long, and of anything within
            so far, are one act.
        plate_required: a case whose plate was not read is set aside instead of waiting for an officer to read it.
        plate_least: a plate read with less certainty than this is set aside; 0 leaves all of them to officers.
        clock_offset_s: a case of a camera whose clock is known to be farther off is set aside.
        quality_window_days, quality_past_days, quality_least_decided, quality_jump, quality_alpha,
            quality_unknown_share: when a camera's rule goes into quarantine: days compared, days before them, cases
            needed to tell, the jump of its rejections, the certainty of it, the share of plates nobody can read.
        publish_after: days after a period's last day on which it is published, where the city publishes later (or
            sooner) than the recorded rules, such as ``month=7,year=25`` (`service.publication.rules`).
        nightly_hour: hour of the city's day from which the jobs of the day before are run.
        retention_days: how long what was never decided is kept.
        passage_days: how long passages are kept that nothing holds; a parameter for the city's lawyer.
        object_store: where evidence, pictures of passages and documents lie besides their folders:
            ``s3://bucket/prefix?endpoint=https://host``, or a folder (`service.objects_store`).
        object_store_key, object_store_secret: "env:NAME" or "file:PATH" holding its access key and secret.
        video, live: folders of recorded video, and of the sockets that live views come over.
        video_archive: whether the packets of live cameras are recorded.
        video_objects: whether recorded video goes into the object store; the disks of the machines that record then
            hold the last hours, and the days count there.
        video_local_hours: how long stored video stays on the machine that recorded it, while its disk has room.
        video_days: how long recorded video is kept, where a camera has no term of its own.
        video_keep_free, video_reserve: share of the disk that the oldest video makes room for, and below which the
            recording pauses, so that events and evidence always have room; the former is the larger.
        video_alarm_days: how long the video around an alarm or a case stays after it was closed.
        video_around_s: seconds before its onset and after its last sight that belong to an alarm or a case.
        video_export_hours, video_export_minutes: an export can be fetched so long, and shows at most so much.
        watch_list_days: for how long at most a watch list may be valid before somebody has to renew it.
        extra_functions: offered beyond the city's category (order 469/НҚ, item 25), see `service.functions`.
        log: how lines of the log are written; `auto` is json for programs that serve, text on a terminal.
        metrics_token: "env:NAME" or "file:PATH" of the token that readers of `/metrics` show from other machines.
        leases: whether cameras are watched under leases, so that several machines may share them (`service.cluster`).
        lease_seconds: how long a machine is sure of its cameras after each word with the store.
        machine: this machine's name among those that watch; its host name where not given.
        service_url: https address of the service that events are sent to, where this machine has no disk in common with
            it (`service.forwarding`); leases are kept then.
        service_token: "env:NAME" or "file:PATH" of this machine's token (`qyran worker-token`).
        service_ca: PEM file of the authority behind the service's certificate, where it is not a public one.
        disk_reserve_mb: with less room than this (MiB) on a folder's disk the service is not ready for requests.
    """

    model_config = SettingsConfigDict(env_prefix="QYRAN_", extra="ignore", frozen=True)

    home: Path = Field(default_factory=home)
    database_url: str = ""
    database_password: str | None = None
    spool: Path | None = None
    evidence: Path | None = None
    documents: Path | None = None
    passages: Path | None = None
    masked: Path | None = None
    evidence_file: Path | None = None
    models: Path | None = None
    road_model: str = "road"
    fire_model: str = "fire"
    plates_model: str = "plates"
    engine: str = "auto"
    inference: Literal["shared", "local"] = "shared"
    motion_gate: bool = False
    decoder: Literal["cpu", "cuda"] = "cpu"

    city_id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,32}$")] = "city"
    city_name_kk: str = "Қала"
    city_name_ru: str = "Город"
    city_name_en: str = "City"
    city_file: Path | None = None
    alerts_file: Path | None = None
    delivery_file: Path | None = None
    exchange_file: Path | None = None
    signing_file: Path | None = None
    map_file: Path | None = None
    sensors_file: Path | None = None
    faces_file: Path | None = None
    escalation_file: Path | None = None
    city_category: Literal["republican", "regional", "district"] = "regional"
    time_zone: str = "Asia/Almaty"
    language: Language = "kk"
    public_url: str = "http://127.0.0.1:8000"

    session_idle_minutes: Annotated[int, Field(ge=1, le=720)] = 30
    session_hours: Annotated[int, Field(ge=1, le=24)] = 12
    login_attempts: Annotated[int, Field(ge=3, le=20)] = 5
    login_window_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    account_requests: Annotated[int, Field(ge=0, le=1_000_000)] = 1200
    account_searches: Annotated[int, Field(ge=0, le=1_000_000)] = 60
    address_requests: Annotated[int, Field(ge=0, le=1_000_000)] = 12_000
    second_factor_roles: Annotated[frozenset[Role] | None, NoDecode] = None

    claim_lapse_minutes: Annotated[int, Field(ge=1, le=720)] = 30
    queue_warning_hours: Annotated[int, Field(ge=1, le=720)] = 24
    second_look_mci: Annotated[float, Field(ge=0)] = 20.0
    second_look_share: Annotated[float, Field(ge=0, le=1)] = 0.02
    sample_auto_rejected: Annotated[float, Field(ge=0, le=1)] = 0.01
    merge_seconds: Annotated[float, Field(ge=0, le=3600)] = 60.0
    merge_standing_minutes: Annotated[float, Field(ge=0, le=1440)] = 30.0
    merge_metres: Annotated[float, Field(ge=0, le=1000)] = 60.0
    stream_lost_s: Annotated[float, Field(ge=10, le=3600)] = 60.0
    plate_required: bool = False
    plate_least: Annotated[float, Field(ge=0, le=1)] = 0.0
    clock_offset_s: Annotated[float, Field(gt=0, le=3600)] = 2.0
    quality_window_days: Annotated[int, Field(ge=1, le=365)] = 7
    quality_past_days: Annotated[int, Field(ge=1, le=3650)] = 90
    quality_least_decided: Annotated[int, Field(ge=5, le=10_000)] = 20
    quality_jump: Annotated[float, Field(gt=0, le=1)] = 0.15
    quality_alpha: Annotated[float, Field(gt=0, lt=1)] = 0.01
    quality_unknown_share: Annotated[float, Field(gt=0, lt=1)] = 0.05
    publish_after: Annotated[dict[PeriodKind, Annotated[int, Field(ge=0, le=366)]], NoDecode] = Field(
        default_factory=dict
    )
    nightly_hour: Annotated[int, Field(ge=0, le=23)] = 2
    retention_days: Annotated[int, Field(ge=1, le=3650)] = 30
    passage_days: Annotated[int, Field(ge=1, le=3650)] = 30
    object_store: str | None = None
    object_store_key: str | None = None
    object_store_secret: str | None = None
    video: Path | None = None
    live: Path | None = None
    video_archive: bool = True
    video_objects: bool = False
    video_local_hours: Annotated[int, Field(ge=1, le=720)] = 24
    video_days: Annotated[int, Field(ge=1, le=3650)] = 30
    video_keep_free: Annotated[float, Field(gt=0, lt=1)] = 0.10
    video_reserve: Annotated[float, Field(gt=0, lt=1)] = 0.05
    video_alarm_days: Annotated[int, Field(ge=0, le=3650)] = 30
    video_around_s: Annotated[float, Field(ge=0, le=3600)] = 60.0
    video_export_hours: Annotated[int, Field(ge=1, le=720)] = 72
    video_export_minutes: Annotated[int, Field(ge=1, le=1440)] = 240
    watch_list_days: Annotated[int, Field(ge=1, le=3650)] = 180
    extra_functions: Annotated[frozenset[Function], NoDecode] = frozenset()
    log: Literal["auto", "json", "text"] = "auto"
    metrics_token: str | None = None
    leases: bool = False
    lease_seconds: Annotated[float, Field(ge=5, le=3600)] = 30.0
    machine: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] | None = None
    service_url: str = ""
    service_token: str | None = None
    service_ca: Path | None = None
    disk_reserve_mb: Annotated[int, Field(ge=1, le=1_000_000)] = 512

    @field_validator("time_zone")
    @classmethod
    def _zone_exists(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            raise ValueError(f"{value!r} is no IANA time zone; write for example Asia/Almaty") from None
        return value

    @field_validator("extra_functions", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [one.strip() for one in value.split(",") if one.strip()] if isinstance(value, str) else value

    @field_validator("publish_after", mode="before")
    @classmethod
    def _days_by_kind(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [one.partition("=") for one in value.split(",") if one.strip()]
        return {kind.strip(): days.strip() for kind, _, days in pairs}

    @field_validator("second_factor_roles", mode="before")
    @classmethod
    def _roles_listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return [one.strip() for one in value.split(",") if one.strip() not in {"", "none"}]

    @field_validator("public_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("is no address of a service; write for example https://qyran.example.kz")
        return value.rstrip("/")

    @field_validator("service_url")
    @classmethod
    def _service_safe(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        try:
            plain = parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}
        except ValueError:
            plain = False
        if not (plain or (parts.scheme == "https" and parts.hostname)) or parts.query or parts.username is not None:
            raise ValueError("is no https address of a service; write for example https://qyran.example.kz")
        return value.rstrip("/")

    @field_validator("database_url")
    @classmethod
    def _database_known(cls, value: str) -> str:
        if not value:
            return value
        try:
            url = make_url(value)
        except ArgumentError:
            raise ValueError("is no database address; write postgresql+psycopg://qyran@host/qyran") from None
        if url.password is not None:
            raise ValueError('holds a password; move it to QYRAN_DATABASE_PASSWORD = "env:NAME" or "file:PATH"')
        if url.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql", "postgresql+psycopg"}:
            raise ValueError(f"names {url.drivername}; only sqlite and postgresql+psycopg are supported")
        return value

    @field_validator("database_password", "metrics_token", "service_token", "object_store_key", "object_store_secret")
    @classmethod
    def _points_elsewhere(cls, value: str | None) -> str | None:
        if value is not None and not (value.startswith(("env:", "file:")) and value.partition(":")[2]):
            raise ValueError('must be "env:NAME" or "file:PATH"')
        return value

    @model_validator(mode="after")
    def _idle_fits(self) -> Self:
        if self.session_idle_minutes > self.session_hours * 60:
            raise ValueError("session_idle_minutes is longer than session_hours")
        return self

    @model_validator(mode="after")
    def _room_for_events(self) -> Self:
        if self.video_reserve >= self.video_keep_free:
            raise ValueError("video_reserve must be less than video_keep_free: room is made before recording pauses")
        return self

    @model_validator(mode="after")
    def _video_has_a_store(self) -> Self:
        if self.video_objects and self.object_store is None:
            raise ValueError("video_objects needs object_store: say where video goes, or leave it on its machines")
        return self

    @property
    def url(self) -> URL:
        """The database's address, password included; never logged."""
        if not self.database_url:
            return URL.create("sqlite+pysqlite", database=str(self.home / "qyran.db"))
        url = make_url(self.database_url)
        if url.get_backend_name() == "sqlite":
            return url.set(drivername="sqlite+pysqlite")
        url = url.set(drivername="postgresql+psycopg")
        if self.database_password is None:
            return url
        return url.set(password=read_secret(self.database_password, least=LEAST_DATABASE))

    @property
    def spool_folder(self) -> Path:
        """Where workers leave events."""
        return self.spool or self.home / "spool"

    @property
    def evidence_folder(self) -> Path:
        """Where taken-over evidence packages lie."""
        return self.evidence or self.home / "evidence"

    @property
    def documents_folder(self) -> Path:
        """Where signed decisions lie."""
        return self.documents or self.home / "documents"

    @property
    def passages_folder(self) -> Path:
        """Where the pictures of passages lie."""
        return self.passages or self.home / "passages"

    @property
    def masked_folder(self) -> Path:
        """Where masked copies of evidence lie."""
        return self.masked or self.home / "masked"

    @property
    def video_folder(self) -> Path:
        """Where recorded video lies."""
        return self.video or self.home / "video"

    @property
    def live_folder(self) -> Path:
        """Where the sockets of live views lie."""
        return self.live or self.home / "live"

    @property
    def models_folder(self) -> Path:
        """Where installed models lie."""
        return self.models or self.home / "models"

    @property
    def model_choice(self) -> ModelChoice:
        """Which detectors watch."""
        from service.detectors import ModelChoice  # noqa: PLC0415 - only who looks at pictures waits for OpenCV

        return ModelChoice(self.road_model, self.fire_model, self.plates_model, self.engine, self.models_folder)

    @property
    def leased(self) -> bool:
        """Whether this machine's cameras are watched under leases."""
        return self.leases or bool(self.service_url)

    @property
    def machine_name(self) -> str:
        """This machine's name among those that watch cameras."""
        host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname()).strip("-._")[:64]
        return self.machine or host or "machine"

    @property
    def secure(self) -> bool:
        """Whether people reach the service over TLS."""
        return self.public_url.startswith("https://")

    def second_factor_for(self, *, demo: bool) -> frozenset[Role]:
        """Roles that open nothing without a second factor; none in a demo store unless they are named."""
        if self.second_factor_roles is not None:
            return self.second_factor_roles
        return SECOND_FACTOR if self.secure and not demo else frozenset()

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def city_name(self) -> dict[str, str]:
        """The city's name by language."""
        return {"kk": self.city_name_kk, "ru": self.city_name_ru, "en": self.city_name_en}

    @property
    def terms(self) -> Terms:
        """Organisational terms of a case."""
        return Terms(
            claim_lapse=timedelta(minutes=self.claim_lapse_minutes),
            queue_warning=timedelta(hours=self.queue_warning_hours),
            second_look_mci=self.second_look_mci,
            second_look_share=self.second_look_share,
            sample_auto_rejected=self.sample_auto_rejected,
        )

    @property
    def merge_terms(self) -> MergeTerms:
        """Within what two reports are of one act."""
        return MergeTerms(
            moment=timedelta(seconds=self.merge_seconds),
            standing=timedelta(minutes=self.merge_standing_minutes),
            metres=self.merge_metres,
        )

    @property
    def quality_terms(self) -> QualityTerms:
        """When a camera's rule goes into quarantine."""
        return QualityTerms(
            window=timedelta(days=self.quality_window_days),
            past=timedelta(days=self.quality_past_days),
            least_decided=self.quality_least_decided,
            jump=self.quality_jump,
            alpha=self.quality_alpha,
            unknown_share=self.quality_unknown_share,
        )


def load_settings(**given: object) -> Settings:
    """Read the settings from the environment; `given` goes before it.

    Raises:
        ConfigError: one sentence naming the variable and the fault, never the value of a secret.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]  # values are checked by the model
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = "QYRAN_" + "_".join(str(part) for part in first["loc"]).upper() if first["loc"] else "The settings"
        message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        raise ConfigError(f"{name}: {message}.") from None


def read_secret(where: str, *, least: int = 1) -> str:
    """The secret that "env:NAME" or "file:PATH" points to.

    Args:
        where: it lies.
        least: characters it must have; what lets others in to us is longer than a PIN.

    Raises:
        ConfigError: the variable or file is not there or is empty, everybody can read the file, or the secret is one
            that everybody tries first.
    """
    kind, _, name = where.partition(":")
    try:
        if kind == "file":
            refuse_open_file(Path(name))
        secret = os.environ.get(name, "") if kind == "env" else Path(name).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ConfigError(f"The secret {where} cannot be read: {error.__class__.__name__}.") from None
    if not secret:
        raise ConfigError(f"The secret {where} is empty or not set.")
    if is_guessed_first(secret) or len(secret) < least:
        raise ConfigError(f"The secret {where} is too weak; make another, as by `openssl rand -hex 24`.")
    return secret
