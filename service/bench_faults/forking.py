"""The product's programs without waiting for Python: a helper loads everything once and forks a program each time.

What runs is `service.cli.main` with the given words, in a process and a session of its own; only the import of the
libraries, seconds of a core, is not paid again and again.

    python -m service.bench_faults.forking

takes jobs as JSON lines on stdin (words, environment, log) and says the process id of each on stdout.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from qyran.errors import ConfigError
from service.bench_faults.programs import END_S, until


@dataclass(slots=True)
class Forked:
    """A program that the helper forks; the same face as `programs.Program`.

    Attributes:
        name: as reports call it.
        words: of the command, without the program's own.
        environment: added to the helper's.
        log: where its stdout and stderr go, appended.
        helper: who forks.
        pid: of the running process, 0 before.
    """

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    helper: Helper
    pid: int = 0

    def start(self) -> None:
        """Start it, or start it again."""
        self.pid = self.helper.fork(self.words, self.environment, self.log)

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.pid > 0 and Path(f"/proc/{self.pid}").exists()

    def kill(self) -> None:
        """SIGKILL to all of it."""
        self._signal(signal.SIGKILL)
        until(lambda: not self.alive, f"{self.name} survives SIGKILL.")

    def end(self) -> None:
        """In good order, and by force where that takes too long."""
        self._signal(signal.SIGTERM)
        try:
            until(lambda: not self.alive, "", END_S)
        except ConfigError:
            self.kill()

    def _signal(self, number: int) -> None:
        if self.alive:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:  # just forked, it has no group of its own yet
                with suppress(ProcessLookupError):
                    os.kill(self.pid, number)


class Helper:
    """The process that forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def fork(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> int:
        """The process id of a new program."""
        if self._process.stdin is None or self._process.stdout is None:
            raise ConfigError("The helper that forks has no pipes.")
        job = {"words": list(words), "environment": dict(environment), "log": str(log)}
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line.strip().isdigit():
            raise ConfigError("The helper that forks has died.")
        return int(line)


@contextmanager
def helping() -> Iterator[Helper]:
    """A helper at work."""
    command = [sys.executable, "-m", "service.bench_faults.forking"]
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}  # threads do not survive a fork
    with subprocess.Popen(  # noqa: S603 - our own module
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        try:
            yield Helper(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()


def main() -> None:
    """Fork until the input ends."""
    import uvicorn  # noqa: F401, PLC0415

    import service.app  # noqa: PLC0415 - what the programs need, loaded once
    import service.cli.serve  # noqa: PLC0415
    import service.evidence_copies  # noqa: F401, PLC0415

    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets the dead by itself
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _become(job: dict[str, Any]) -> NoReturn:
    code = 70
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(job["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.environ.update(job["environment"])
        from service.cli.main import main as command  # noqa: PLC0415

        code = command(job["words"])
    finally:
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
