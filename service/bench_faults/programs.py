"""The real programs, each a process of its own that can be killed: the product's own, and those it works with."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from qyran.errors import ConfigError

READY_S: Final = 180.0
"""How long a program may take to be ready on a machine that has much else to do."""
END_S: Final = 30.0
LOOK_S: Final = 0.05


@dataclass(slots=True)
class Program:
    """A program that runs, in a process group of its own.

    Attributes:
        name: as reports call it.
        command: what is run.
        environment: of it, whole.
        log: where its stdout and stderr go, appended.
        nice: added to its priority.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    nice: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it, or start it again."""
        command = ["nice", "-n", str(self.nice), *self.command] if self.nice else list(self.command)
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(  # noqa: S603 - our own commands
                command, env=dict(self.environment), stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def wait(self, seconds: float = END_S) -> int | None:
        """Its exit code; None where it still runs after so long."""
        if self.process is None:
            return None
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(seconds)
        return None

    def kill(self) -> None:
        """SIGKILL to all of it: no `finally`, no flush, no good-bye."""
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def end(self) -> int | None:
        """In good order, and by force where that takes too long; the exit code."""
        if self.process is None:
            return None
        if self.alive:
            self.process.terminate()
        code = self.wait()
        self.kill()
        return code

    def freeze(self, *, on: bool) -> None:
        """Hold it without ending it, or let it go on."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGSTOP if on else signal.SIGCONT)


def qyran(
    name: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    *,
    nice: int = 0,
    prefix: Sequence[str] = (),
) -> Program:
    """The product's command."""
    command = [*prefix, sys.executable, "-m", "service.cli", *arguments]
    return Program(name, command, {**os.environ, **environment}, log, nice)


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody uses."""
    with socket.create_server((host, 0)) as taken:
        return int(taken.getsockname()[1])


def until(true: Callable[[], object], sentence: str, seconds: float = READY_S) -> None:
    """Wait until something is so.

    Raises:
        ConfigError: it did not become so; the sentence says what.
    """
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise ConfigError(sentence)
        time.sleep(LOOK_S)


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody listens at a port."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1.0):
        return True
    return False


def tool(name: str, *places: str) -> str:
    """Where a program of the system lies.

    Raises:
        ConfigError: it is not installed.
    """
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin", *places])
    found = shutil.which(name, path=path)
    if found is None:
        raise ConfigError(f"{name} is not installed.")
    return found
