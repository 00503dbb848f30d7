"""Starting and leaving a Ray cluster with the settings that a city needs: quick to notice a death, patient with a head.

What each setting does stands in docs/cluster.md. They hold for the programs that `ray start` starts, so that head and
machines are started through here (or with the same environment).
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

from qyran.errors import ConfigError

HEALTH: Final = {
    "RAY_health_check_initial_delay_ms": "500",
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_timeout_ms": "1000",
    "RAY_health_check_failure_threshold": "3",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "86400",
}
"""A machine that is dead counts as dead after 2 to 3 s (19 s by default); one whose head is away goes on for a day (a
minute by default)."""
QUIET: Final = {"RAY_DEDUP_LOGS": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
PORT: Final = 6379
LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})


def environment() -> dict[str, str]:
    """That of this process with the cluster's settings; one that is given already stays."""
    return {**HEALTH, **QUIET, **os.environ}


def start_head(*, host: str, port: int = PORT, watches: float | None = None, cpus: float | None = None) -> int:
    """Start the head on this machine; the exit code of Ray.

    Args:
        host: address on which the other machines reach it.
        port: of the head.
        watches: how much this machine watches beside being the head, in cores; 0 watches nothing.
        cpus: processors that Ray may count; None counts those of the machine.

    Raises:
        ConfigError: others could reach it, and nothing says that they must show a token.
    """
    _closed_to_strangers(host)
    return _start("--head", f"--node-ip-address={host}", f"--port={port}", watches=watches, cpus=cpus, controls=True)


def join(address: str, *, watches: float | None = None, cpus: float | None = None, controls: bool = False) -> int:
    """Let this machine join a head's cluster; the exit code of Ray.

    Raises:
        ConfigError: the head is on another machine, and nothing says that a token must be shown.
    """
    _closed_to_strangers(address.rpartition(":")[0])
    return _start(f"--address={address}", watches=watches, cpus=cpus, controls=controls)


def leave() -> int:
    """End Ray on this machine; the exit code of Ray."""
    return subprocess.run([*_RAY, "stop"], env=environment(), check=False).returncode  # noqa: S603 - our own words


def resources(watches: float | None, *, controls: bool) -> str:
    """The Ray resources of a machine, as JSON: how much it watches, and whether a controller may live on it."""
    room = float(os.cpu_count() or 1) if watches is None else watches
    parts = ([f'"qyran_watch": {room:g}'] if room > 0 else []) + (['"qyran_controller": 1'] if controls else [])
    return "{" + ", ".join(parts) + "}"


_RAY: Final = (sys.executable, "-m", "ray.scripts.scripts")


def _start(*given: str, watches: float | None, cpus: float | None, controls: bool) -> int:
    plain = ["--disable-usage-stats", f"--resources={resources(watches, controls=controls)}"]
    plain += [f"--num-cpus={cpus:g}"] if cpus is not None else []
    plain += ["--include-dashboard=false"] if "--head" in given else []
    return subprocess.run([*_RAY, "start", *given, *plain], env=environment(), check=False).returncode  # noqa: S603


def _closed_to_strangers(host: str) -> None:
    """Ray runs whatever it is told: who reaches it must show a token."""
    if host in LOOPBACK or os.environ.get("RAY_AUTH_MODE") == "token":
        return
    raise ConfigError(
        f"Whoever reaches Ray on {host} could run anything on all machines: set RAY_AUTH_MODE=token and "
        "RAY_AUTH_TOKEN_PATH to a file with the cluster's token on every machine (see docs/cluster.md)."
    )
