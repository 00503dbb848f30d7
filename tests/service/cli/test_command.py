from __future__ import annotations

import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from qyran import __version__
from service.cli.main import COMMANDS
from service.logs import QUIET
from tests.service.cli.conftest import camera_file

QYRAN = Path(sys.executable).with_name("qyran")
HEAVY = {
    "alembic", "av", "cv2", "fastapi", "httpx", "numpy", "onnxruntime", "pydantic", "scipy", "shapely", "sqlalchemy",
}  # fmt: skip
ACTIONS = ["kpi score", "camera add", "camera check", "user add", "ledger export", "ledger check"]
HELP = [words.split() for words in ("", *COMMANDS, *ACTIONS)]
PROBE = """
import sys
from service.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
sys.stderr.write(" ".join(sorted(name for name in sys.modules if "." not in name)))
"""


@pytest.mark.parametrize("words", HELP, ids=" ".join)
def test_every_command_explains_itself(words, qyran):
    answer = qyran(*words, "--help")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith(" ".join(["usage: qyran", *words]))


def test_help_names_every_command_with_a_word_about_it(qyran):
    told = qyran("--help").out
    assert [name for name in COMMANDS if not re.search(rf"\n    {name}\s+\S+ \S+", told)] == []


@pytest.mark.parametrize("words", [[], *([command] for command in COMMANDS)], ids=" ".join)
def test_help_loads_nothing_heavy(words):
    done = subprocess.run([sys.executable, "-c", PROBE, *words, "--help"], capture_output=True, text=True, check=True)
    assert set(done.stderr.split()) & HEAVY == set()


def test_the_version_is_the_packages(qyran):
    assert qyran("--version").out == f"qyran {__version__}\n"


@pytest.mark.parametrize("words", [[QYRAN], [sys.executable, "-m", "service.cli"]], ids=["installed", "module"])
def test_the_command_runs_as_a_script_and_as_a_module(words):
    done = subprocess.run([*words, "kpi", "score", "absent.json"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "qyran: The values file absent.json cannot be read: No such file or directory.\n"


def test_libraries_that_talk_of_every_step_are_kept_quiet(tmp_path):
    file = camera_file(tmp_path / "camera.toml")
    done = subprocess.run([QYRAN, "camera", "add", file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "registered abay-12\n", "")  # Alembic made the tables


def test_our_own_words_are_heard(qyran, tmp_path):
    qyran("kpi", "score", tmp_path / "absent.json")
    assert all(logging.getLogger(name).getEffectiveLevel() == logging.WARNING for name in QUIET)
    assert logging.getLogger("service").level == logging.NOTSET


def test_a_reader_that_goes_away_is_no_error(tmp_path):
    values = tmp_path / "values.json"
    values.write_text('{"city_category": "regional", "values": {"9.1": 50}}', encoding="utf-8")
    pipe = f"'{QYRAN}' kpi score '{values}' | head -c 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")
