"""Processes that die on demand: a helper takes jobs, each in a fork of its own, and some die before their n-th step.

Python and its libraries are loaded once a helper, so that hundreds of deaths cost seconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path

KILLED = -signal.SIGKILL
ROOT = Path(__file__).parents[1]
_left = 0


def die_before(step: int, places) -> None:
    """Have this process killed before the n-th call of any of these functions, given as `(module or class, name)`."""
    global _left  # noqa: PLW0603
    for place, name in places:
        setattr(place, name, _watched(getattr(place, name)))
    _left = step


def _watched(function):
    def step(*given, **named):
        global _left  # noqa: PLW0603
        _left -= 1
        if _left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*given, **named)

    return step


def forked(run, *given) -> int:
    """Run a function in a fork; its exit code, `KILLED` where it died."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            run(*given)
            code = 0
        finally:
            if code:
                traceback.print_exc()
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def answer(run) -> None:
    """The body of a helper: jobs as JSON lines on stdin, the exit code of each on stdout."""
    for line in sys.stdin:
        sys.stdout.write(f"{forked(run, json.loads(line))}\n")
        sys.stdout.flush()


@contextmanager
def helper(module: str, *arguments: str):
    """A helper at work: a function that gives it a job and returns its exit code, 0 or `KILLED`."""
    command = [sys.executable, "-m", module, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:

        def tell(**job) -> int:
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
            code = int(process.stdout.readline())
            assert code in {0, KILLED}, job
            return code

        yield tell
        process.stdin.close()
