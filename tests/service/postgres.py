from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

FOLDERS = ["/usr/local/bin", "/usr/bin", *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True))]


def tool(name: str) -> str | None:
    """Where a program of PostgreSQL lies; it is not always on the path."""
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *FOLDERS]))


def available() -> bool:
    return tool("initdb") is not None and tool("postgres") is not None


@contextmanager
def server(folder: Path):
    """A real PostgreSQL on a socket in `folder`; yields the address of its empty database."""
    user = _as_whom()
    data, log = folder / "data", folder / "log"
    data.mkdir()
    if user is not None:
        folder.chmod(0o755)
        os.chown(data, user.pw_uid, user.pw_gid)
        os.chown(folder, user.pw_uid, user.pw_gid)
    switch = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {"LC_ALL": "C.UTF-8", "HOME": str(folder), "PATH": os.environ.get("PATH", "")}
    subprocess.run(
        [tool("initdb"), "-D", data, "-U", "qyran", "-A", "trust", "-E", "UTF8", "--no-sync"],
        check=True, env=environment, cwd=folder, stdout=subprocess.DEVNULL, **switch,
    )  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(
            [tool("postgres"), "-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"],
            env=environment, cwd=folder, stdout=out, stderr=out, **switch,
        )  # fmt: skip
    try:
        _wait_for(folder / ".s.PGSQL.5432", process, log)
        yield f"postgresql+psycopg://qyran@/postgres?host={folder}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _as_whom():
    """PostgreSQL refuses to run as root: then somebody else runs it."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _wait_for(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 30
    while not socket.exists() or "ready to accept connections" not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(log.read_text(errors="replace"))
        time.sleep(0.02)
