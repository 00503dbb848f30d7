"""What every program of Qyran writes to stderr: one JSON object a line, or plain lines on a terminal.

A line says when (UTC), how grave, which part, what happened, and what it is about: the ids that `bind` put around the
work, or ``extra={"camera": ...}`` of one call. An event's UUID stays the id of the alarm or the case that it becomes,
so that one search follows it from the frame to the decision. Messages hold no plate, name, password or token; a user
and password in an address are taken out all the same.

::

    with bind(camera=camera.id, event=str(event.id)):
        log.info("An event was stored.")
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final, Literal, TextIO, TypedDict, Unpack

from qyran.errors import ConfigError
from vision.credentials import scrub

Form = Literal["json", "text"]


class Fields(TypedDict, total=False):
    """What a line can be about.

    Attributes:
        request: a request of the API or of a page, `X-Request-ID`.
        camera, event, case, alert: ids; a case or an alarm has the id of the event it came of.
        decision: a decision's number is personal data's key, so this is the id of its case too.
        delivery: a message of an outbox.
        job: a night's or a background job.
        host, worker: machines of a cluster.
        route, method, status, ms: of an answered request.
    """

    request: str
    camera: str
    event: str
    case: str
    alert: str
    decision: str
    delivery: str
    job: str
    host: str
    worker: str
    route: str
    method: str
    status: int
    ms: float


FIELDS: Final = tuple(Fields.__annotations__)
VARIABLE: Final = "QYRAN_LOG"
FORMS: Final = ("json", "text")
QUIET: Final = (
    "alembic", "asyncio", "botocore", "boto3", "fontTools", "httpcore", "httpx", "multipart", "pyhanko",
    "pyhanko_certvalidator", "s3transfer", "urllib3",
)  # fmt: skip
"""Libraries whose every step is no news for whoever runs the program."""
UNPRINTABLE: Final = {code: f"\\x{code:02x}" for code in (*range(32), 127)}
"""For plain lines: what somebody else wrote cannot begin a line of its own."""

_BOUND: ContextVar[Mapping[str, Any]] = ContextVar("qyran_log_fields", default={})  # noqa: B039 - never changed in place

_HELD: Final[dict[str, Any]] = {}


@contextmanager
def bind(**fields: Unpack[Fields]) -> Iterator[None]:
    """Say of all lines written inside what they are about; of this thread or task and of those it starts by anyio."""
    token = _BOUND.set({**_BOUND.get(), **fields})
    try:
        yield
    finally:
        _BOUND.reset(token)


def hold(**fields: Unpack[Fields]) -> None:
    """Say of all lines of this process, whatever thread writes them, what they are about: a camera's process does."""
    _HELD.update(fields)


def bound() -> Mapping[str, Any]:
    """What lines written now would be about."""
    return {**_HELD, **_BOUND.get()}


def about(record: logging.LogRecord) -> dict[str, Any]:
    """What a line is about, in the order of `FIELDS`; what one call says goes before what is bound around it."""
    around = bound()
    found = ((name, record.__dict__.get(name, around.get(name))) for name in FIELDS)
    return {name: value for name, value in found if value is not None}


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, pid, the ids, and `error` with `trace` where one failed."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without its newline."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": scrub(record.getMessage()),
            "pid": record.process,
        }
        line |= about(record)
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            line["trace"] = scrub("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """Lines for a person at a terminal: local time, level, part, sentence, ids."""

    def format(self, record: logging.LogRecord) -> str:
        """The line without its newline; the lines of a traceback follow it, indented."""
        local = datetime.fromtimestamp(record.created, UTC).astimezone()
        ids = " ".join(f"{name}={value}" for name, value in about(record).items())
        said = scrub(record.getMessage()).translate(UNPRINTABLE)
        text = f"{local:%Y-%m-%d %H:%M:%S} {record.levelname} {record.name} {said}"
        text = f"{text}  [{ids.translate(UNPRINTABLE)}]" if ids else text
        if record.exc_info and record.exc_info[0] is not None:
            trace = scrub("".join(traceback.format_exception(*record.exc_info))).rstrip()
            text += "".join(f"\n    {line}" for line in trace.splitlines())
        return text


def form_of(stream: TextIO, *, serves: bool) -> Form:
    """Which lines a program writes: what `QYRAN_LOG` says, else plain ones on a terminal and for short commands.

    Raises:
        ConfigError: `QYRAN_LOG` says something else.
    """
    said = os.environ.get(VARIABLE) or "auto"
    if said not in {"auto", *FORMS}:
        raise ConfigError(f"{VARIABLE} is {said!r}; write json or text, or leave it away.")
    if said == "json" or (said == "auto" and serves and not stream.isatty()):
        return "json"
    return "text"


def set_up(*, serves: bool = False, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Have all loggers of this process write to stderr.

    Every process calls it once: the command line for each command, a camera's process for itself. A short command
    inside another program (a test, a notebook) leaves that program's logging as it is.

    Args:
        serves: the program runs until it is stopped (a service, a worker), so its lines are read by machines.
        stream: another place for the lines.
        level: the least grave that is written.

    Raises:
        ConfigError: `QYRAN_LOG` names no form.
    """
    target = stream or sys.stderr
    handler = logging.StreamHandler(target)
    handler.setFormatter(JsonLines() if form_of(target, serves=serves) == "json" else PlainLines())
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one.formatter, JsonLines | PlainLines)]:
        root.removeHandler(old)
    if serves or stream is not None or not root.handlers:
        root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(serves)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
