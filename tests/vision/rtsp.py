"""Starts, stops and kills the RTSP server of `rtsp_server.py`."""

from __future__ import annotations

import functools
import os
import signal
import subprocess
from pathlib import Path
from typing import Self

import pytest

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("rtsp_server.py")
PACKAGES = "gstreamer1.0-rtsp gir1.2-gst-rtsp-server-1.0 python3-gi gstreamer1.0-plugins-{base,good,bad,ugly}"
_TRIAL = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


@functools.cache
def available() -> bool:
    try:
        return subprocess.run([SYSTEM_PYTHON, "-c", _TRIAL], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def need_server() -> None:
    """Skip where the server cannot run, but never in CI."""
    if not available() and "CI" not in os.environ:
        pytest.skip(f"GstRtspServer is absent under {SYSTEM_PYTHON}; apt-get install {PACKAGES}")


class RtspServer:
    """A server on loopback; it keeps its port over `kill` and `start`."""

    def __init__(
        self, units: Path, user: str | None = None, password: str | None = None, certificate: Path | None = None
    ) -> None:
        need_server()
        self._arguments = [str(units)]
        if user is not None and password is not None:
            self._arguments += ["--user", user, "--password", password]
        self._scheme = "rtsp" if certificate is None else "rtsps"
        if certificate is not None:
            self._arguments += ["--certificate", str(certificate)]
        self._process: subprocess.Popen[str] | None = None
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}/cam"

    def start(self) -> None:
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(SCRIPT), *self._arguments, "--port", str(self.port)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdout is not None
        word, _, port = self._process.stdout.readline().strip().partition(" ")
        assert word == "ready", "the RTSP server did not start"
        self.port = int(port)

    def show(self, certificate: Path) -> None:
        """Another certificate from the next start on."""
        self._arguments[self._arguments.index("--certificate") + 1] = str(certificate)

    def kill(self) -> None:
        """As a power cut: no good-bye to the clients."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def freeze(self) -> None:
        """Connections stay open, and nothing comes any more."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
