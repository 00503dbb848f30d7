"""What a machine says to the service over https, with its token; every refusal is one of three kinds.

`DeskAway`: nobody answered, or not now: say it again. `NotYet`: this event cannot be taken yet, others can. Everything
else (`InputError`, `AccessError`, `NotFound`): it will never be taken as it is.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
from pydantic import TypeAdapter, ValidationError

from evidence.canonical import file_sha256
from qyran import __version__
from qyran.errors import AccessError, ConfigError, InputError, NotFound, StreamError
from service.cluster.desk import DeskAway
from service.cluster.leases import Answer, Beat
from service.event import Event
from service.forwarding.envelope import FILE_MOST, FILES_MOST, MEDIA_TYPE, Envelope, FileEntry, told
from service.forwarding.machine_files import CameraSum, What
from service.settings import Settings, read_secret

ROOT: Final = "/api/v1/worker"
TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
QUICK: Final = httpx.Timeout(5.0, connect=3.0)
"""For leases: an answer that is later is of no use."""
LIVE: Final = httpx.Timeout(10.0, connect=5.0)
CHUNK: Final = 1 << 18
AGAIN: Final = frozenset({401, 408, 425, 429, 500, 502, 503, 504, 507})
"""Answers that another moment may better; a token that is not valid today may be renewed."""
_SUMS: Final = TypeAdapter(tuple[CameraSum, ...])


class NotYet(StreamError):
    """The service cannot take this event yet: it is of a newer version, or is being taken just now."""


class ServiceClient:
    """Speaks to the service; thread-safe, and a `service.cluster.desk.LeaseDesk`.

    Raises:
        ConfigError: the token or the authority's file cannot be read.
    """

    def __init__(self, settings: Settings, *, transport: httpx.BaseTransport | None = None) -> None:
        if not settings.service_url:
            raise ConfigError("QYRAN_SERVICE_URL: name the service that this machine's events go to.")
        if settings.service_token is None:
            raise ConfigError('QYRAN_SERVICE_TOKEN: name where this machine\'s token lies, "env:NAME" or "file:PATH".')
        headers = {
            "Authorization": f"Bearer {read_secret(settings.service_token)}",
            "User-Agent": f"qyran/{__version__}",
        }
        self._root, self._headers, self._verify = settings.service_url + ROOT, headers, _authority(settings)
        self._http = httpx.Client(
            base_url=self._root, headers=headers, timeout=TIMEOUT, verify=self._verify, transport=transport,
            follow_redirects=False, trust_env=False,
        )  # fmt: skip

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def live(self) -> httpx.AsyncClient:
        """A client of its own for live views, in whose event loop it is used."""
        return httpx.AsyncClient(
            base_url=self._root, headers=self._headers, verify=self._verify, follow_redirects=False, trust_env=False,
            timeout=LIVE,
        )  # fmt: skip

    def beat(self, word: Beat) -> Answer:
        """See `LeaseDesk.beat`."""
        answer = self._ask("POST", "/beat", json=word.model_dump(mode="json"), timeout=QUICK)
        try:
            return Answer.model_validate_json(answer.content)
        except ValidationError:
            raise DeskAway("The service's answer cannot be read; is there a service at QYRAN_SERVICE_URL?") from None

    def bequeath(self, heirs: Mapping[str, str | None]) -> tuple[str, ...]:
        """See `LeaseDesk.bequeath`."""
        answer = self._ask("POST", "/heirs", json={"heirs": dict(heirs)}, timeout=QUICK)
        return tuple(answer.json()["noted"])

    def cameras(self) -> tuple[CameraSum, ...]:
        """The cameras in service."""
        return _SUMS.validate_json(self._ask("GET", "/cameras").content)

    def camera_file(self, camera: str) -> bytes:
        """A camera's file.

        Raises:
            NotFound: there is no such camera.
        """
        return self._ask("GET", f"/cameras/{camera}/file").content

    def scene(self, camera: str) -> bytes | None:
        """A camera's scene as it was drawn last; None where none was."""
        try:
            return self._ask("GET", f"/cameras/{camera}/scene").content
        except NotFound:
            return None

    def tell(self, camera: str, what: What, data: bytes) -> None:
        """Tell how a camera is."""
        self._ask("PUT", f"/cameras/{camera}/{what.value}", content=data)

    def tell_key(self, pem: bytes) -> None:
        """Tell by which key this machine's evidence is signed."""
        self._ask("PUT", "/key", content=pem)

    def deliver(self, event: Event, folder: Path | None) -> None:
        """Deliver an event with its files; durable at the service when this returns.

        Raises:
            DeskAway: nobody answered, or the service cannot take anything now.
            NotYet: it cannot take this event yet.
            InputError: it will never take it.
            AccessError: this machine may not say it.
        """
        files = _entries(folder) if folder is not None else ()
        if files:
            found = self._ask("GET", f"/events/{event.id}").json()
            if found["standing"] == "taken":
                return
            held: dict[str, Any] = found["held"]
            files = tuple(_continued(entry, held.get(entry.name, 0)) for entry in files)
        envelope = _envelope(event, files)
        line = envelope.line()
        headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(line) + envelope.length)}
        self._ask("POST", "/events", content=_body(line, envelope, folder), headers=headers)

    def _ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        try:
            answer = self._http.request(method, path, **given)
        except httpx.HTTPError as error:
            raise DeskAway(f"The service does not answer ({type(error).__name__}).") from None
        if answer.is_success:
            return answer
        said = _detail(answer)
        if answer.status_code in AGAIN:
            raise DeskAway(f"The service takes nothing now ({answer.status_code}: {said}).")
        if answer.status_code == 409:
            raise NotYet(said)
        if answer.status_code == 403:
            raise AccessError(said)
        if answer.status_code == 404:
            raise NotFound(said)
        raise InputError(f"The service refused it ({answer.status_code}: {said}).")


def _authority(settings: Settings) -> ssl.SSLContext | bool:
    if settings.service_ca is None:
        return True
    try:
        return ssl.create_default_context(cafile=str(settings.service_ca))
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"QYRAN_SERVICE_CA: {settings.service_ca} cannot be read ({type(error).__name__}).") from None


def _entries(folder: Path) -> tuple[FileEntry, ...]:
    """The files of a package.

    Raises:
        InputError: it cannot be sent as it is.
    """
    paths = sorted(folder.iterdir())
    try:
        if len(paths) > FILES_MOST or not all(path.is_file() and not path.is_symlink() for path in paths):
            raise InputError("The package is not a folder of a few plain files.")
        return tuple(FileEntry(name=path.name, size=path.stat().st_size, sha256=file_sha256(path)) for path in paths)
    except ValidationError:
        raise InputError(f"A file of the package is larger than {FILE_MOST} bytes or has an odd name.") from None


def _envelope(event: Event, files: tuple[FileEntry, ...]) -> Envelope:
    """The first line of a delivery.

    Raises:
        InputError: the event and its files do not belong together.
    """
    try:
        return Envelope(event=event, files=files)
    except ValidationError as error:
        raise InputError(f"The event and its files do not fit: {told(error)}.") from None


def _continued(entry: FileEntry, held: object) -> FileEntry:
    """The same from the byte on that has not come yet; what came of a larger file is of another one."""
    start = held if isinstance(held, int) and 0 <= held <= entry.size else 0
    return entry.model_copy(update={"start": start})


def _body(line: bytes, envelope: Envelope, folder: Path | None) -> Iterator[bytes]:
    yield line
    for entry in envelope.files:
        if folder is None:
            return
        with (folder / entry.name).open("rb") as file:
            file.seek(entry.start)
            while data := file.read(CHUNK):
                yield data


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])[:300]
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase or "no reason"
