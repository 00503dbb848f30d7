"""User and password of a stream: read from the environment or a file, used once, shown never."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlsplit, urlunsplit

from qyran.errors import ConfigError, MediaError
from qyran.secret_files import refuse_open_file

_USERINFO = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/\s'\"]*@")


_PROVIDED: Final[dict[str, Callable[[str], str]]] = {}


def provide(kind: str, read: Callable[[str], str]) -> None:
    """Let "KIND:NAME" name credentials too, which `read` gives as ``user:password``; it raises ConfigError."""
    _PROVIDED[kind] = read


def read_credentials(spec: str) -> tuple[str, str]:
    """User and password from "env:NAME", "file:PATH" or a source that was provided, which hold ``user:password``.

    Raises:
        ConfigError: names the variable or file, never its content; others can read the file.
    """
    kind, _, where = spec.partition(":")
    if kind in _PROVIDED:
        text, place = _PROVIDED[kind](where), f"{kind} {where}"
    elif kind == "env":
        text = os.environ.get(where, "")
        place = f"environment variable {where}"
    elif kind == "file":
        place = f"file {where}"
        try:
            refuse_open_file(Path(where))
            text = Path(where).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"The credentials {place} cannot be read: {error.__class__.__name__}.") from None
    else:
        raise ConfigError('The credentials of a stream must be given as "sealed:NAME", "env:NAME" or "file:PATH".')
    user, colon, password = text.strip().partition(":")
    if not (user and colon):
        raise ConfigError(f'The credentials {place} must hold "user:password".')
    return user, password


def with_credentials(url: str, spec: str | None) -> str:
    """The address that libav gets: `url` with the credentials put in; keep it out of every message."""
    parts = urlsplit(url)
    if parts.password is not None:
        raise MediaError(f"The stream address {scrub(url)} holds a password; give it through the credentials instead.")
    if spec is None:
        return url
    user, password = read_credentials(spec)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


def scrub(text: str) -> str:
    """`text` without the user and password of any address in it."""
    return _USERINFO.sub(r"\1", text)


class _Scrubber(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), None
        return True


_SCRUBBER = _Scrubber()


def guard_libav_log() -> None:
    """Keep addresses with passwords out of libav's messages, should anyone switch those on.

    PyAV passes libav's log on to the logger "libav" and its children only after ``av.logging.set_level``; a filter of
    a logger does not hold for its children, so it sits on those that print addresses too.
    """
    for name in ("libav", "libav.rtsp", "libav.tcp", "libav.tls", "libav.udp", "libav.rtp", "libav.generic"):
        logger = logging.getLogger(name)
        if _SCRUBBER not in logger.filters:
            logger.addFilter(_SCRUBBER)
