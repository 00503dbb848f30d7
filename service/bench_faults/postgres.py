"""A real PostgreSQL that can be killed and started again, for benches and tests."""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg

from service.bench_faults.programs import Program, tool, until

PLACES: Final = tuple(str(one) for one in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))
SOCKET: Final = ".s.PGSQL.5432"
UNSYNCED: Final = ("fsync=off",)
"""What a killed process wrote is in the system's memory: only a power cut needs the disk's own word."""


@dataclass(slots=True)
class Postgres:
    """A server whose data lie in a folder.

    Attributes:
        folder: closed to nobody, since PostgreSQL does not run as root.
        prefix: what runs it, such as `ip netns exec NAME`.
        host: address it listens on besides its socket, and is reached at.
        options: of its configuration.
    """

    folder: Path
    prefix: tuple[str, ...] = ()
    host: str = ""
    options: tuple[str, ...] = UNSYNCED
    program: Program = field(init=False)

    def __post_init__(self) -> None:
        data, log = self.folder / "data", self.folder / "log"
        user = _as_whom()
        switch: dict[str, Any] = {}
        if user is not None:
            self.folder.chmod(0o755)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            switch = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        self.folder.mkdir(exist_ok=True)
        environment = {"LC_ALL": "C.UTF-8", "HOME": str(self.folder), "PATH": os.environ.get("PATH", "")}
        subprocess.run(  # noqa: S603 - PostgreSQL's own program
            [tool("initdb", *PLACES), "-D", str(data), "-U", "qyran", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True, env=environment, cwd=self.folder, stdout=subprocess.DEVNULL, **switch,
        )  # fmt: skip
        if self.host:
            with (data / "pg_hba.conf").open("a", encoding="ascii") as rules:
                rules.write(f"host all all {self.host}/24 trust\n")
        command = [
            tool("postgres", *PLACES), "-D", str(data), "-k", str(self.folder), "-c", f"listen_addresses={self.host}",
            "-c", "max_connections=60", *(part for one in self.options for part in ("-c", one)),
        ]  # fmt: skip
        as_user = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"] if user else []
        self.program = Program("database", [*self.prefix, *as_user, *command], environment, log)

    def start(self) -> None:
        """Start it, and wait until it answers."""
        (self.folder / SOCKET).unlink(missing_ok=True)
        self.program.start()
        until(self._answers, "PostgreSQL does not start.")

    def kill(self) -> None:
        """All its processes at once."""
        self.program.kill()
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)

    def make(self, name: str, template: str | None = None) -> str:
        """The address of a new database, made after another one."""
        with psycopg.connect(self._plain("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}" + (f" TEMPLATE {template}" if template else ""))
            # A copied sequence believes that its next 32 values are in the log, where only its model's are: killed
            # before a checkpoint, the copy would count them again.
            connection.execute("CHECKPOINT")
        return self.url(name)

    def drop(self, name: str) -> None:
        """Forget a database."""
        with psycopg.connect(self._plain("postgres"), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def url(self, name: str) -> str:
        """How the product is told where it is."""
        return f"postgresql+psycopg://qyran@{self.host}/{name}" + ("" if self.host else f"?host={self.folder}")

    def _plain(self, name: str) -> str:
        return f"postgresql://qyran@/{name}?host={self.folder}"

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self._plain("postgres"), connect_timeout=2):
                return True
        except psycopg.OperationalError:
            return False


def _as_whom() -> pwd.struct_passwd | None:
    """PostgreSQL refuses to run as root: then somebody else runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None
