"""Lines of the log: one object each, about what was bound, without secrets."""

import io
import json
import logging
import threading

import pytest

from qyran.errors import ConfigError
from service import logs
from service.cli.main import main

log = logging.getLogger("service.parts.tested")


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def root():
    """The root logger, put back as it was."""
    logger = logging.getLogger()
    kept, level = list(logger.handlers), logger.level
    yield logger
    logger.handlers[:] = kept
    logger.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def lines(root, monkeypatch):
    """Gives the JSON lines written so far."""
    monkeypatch.setenv("QYRAN_LOG", "json")
    stream = io.StringIO()
    logs.set_up(stream=stream)
    return lambda: [json.loads(line) for line in stream.getvalue().splitlines()]


def _fail(why):
    try:
        open(why)  # noqa: PTH123, SIM115 - a name that no file has
    except OSError:
        log.exception("%s", why)


def test_a_line_says_when_how_grave_which_part_and_what(lines):
    log.warning("The spool takes nothing (%s).", "full")
    (line,) = lines()
    assert line["time"].endswith("+00:00")
    assert (line["level"], line["logger"], line["message"]) == (
        "warning", "service.parts.tested", "The spool takes nothing (full).",
    )  # fmt: skip


def test_what_is_bound_holds_inside_and_ends_with_it(lines):
    with logs.bind(camera="abay-12"):
        with logs.bind(event="e1", case="e1"):
            log.info("one")
        log.info("two", extra={"alert": "a1"})
    log.info("three")
    one, two, three = lines()
    assert (one["camera"], one["event"], one["case"]) == ("abay-12", "e1", "e1")
    assert (two["camera"], two["alert"], two.get("event")) == ("abay-12", "a1", None)
    assert not set(three) & set(logs.FIELDS)


def test_one_call_goes_before_what_is_bound_around_it(lines):
    with logs.bind(camera="abay-12"):
        log.info("one", extra={"camera": "satpaev-1"})
    assert lines()[0]["camera"] == "satpaev-1"


def test_threads_do_not_share_what_is_bound(lines):
    with logs.bind(camera="abay-12"):
        other = threading.Thread(target=log.info, args=("elsewhere",))
        other.start()
        other.join()
    assert "camera" not in lines()[0]


def test_a_failure_brings_its_kind_and_its_trace(lines):
    _fail("no space left")
    (line,) = lines()
    assert line["error"] == "FileNotFoundError"
    assert "no space left" in line["trace"]


@pytest.mark.parametrize("form", ["json", "text"])
def test_user_and_password_of_an_address_are_never_written(root, monkeypatch, form):
    monkeypatch.setenv("QYRAN_LOG", form)
    stream = io.StringIO()
    logs.set_up(stream=stream)
    _fail("rtsp://root:hunter2@10.0.0.1/main does not answer")
    assert "10.0.0.1" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_what_others_write_begins_no_line_of_its_own(root, monkeypatch):
    monkeypatch.setenv("QYRAN_LOG", "text")
    stream = io.StringIO()
    logs.set_up(stream=stream)
    log.info("answer %s", "ok\n2026-01-01 00:00:00 INFO service all is well")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize(
    ("said", "serves", "stream", "form"),
    [
        ("", True, io.StringIO(), "json"),
        ("", True, Terminal(), "text"),
        ("", False, io.StringIO(), "text"),
        ("json", False, Terminal(), "json"),
        ("text", True, io.StringIO(), "text"),
    ],
)
def test_machines_get_json_and_people_lines(monkeypatch, said, serves, stream, form):
    monkeypatch.setenv("QYRAN_LOG", said)
    assert logs.form_of(stream, serves=serves) == form


def test_an_unknown_form_is_named(monkeypatch, root, capsys):
    monkeypatch.setenv("QYRAN_LOG", "xml")
    with pytest.raises(ConfigError, match="QYRAN_LOG is 'xml'; write json or text"):
        logs.set_up()
    assert main(["offences", "check"]) == 2
    assert capsys.readouterr().err.startswith("qyran: QYRAN_LOG is 'xml'")


def test_set_up_twice_writes_once(root, monkeypatch):
    monkeypatch.setenv("QYRAN_LOG", "json")
    stream = io.StringIO()
    logs.set_up(stream=stream)
    logs.set_up(stream=stream)
    log.info("one")
    assert len(stream.getvalue().splitlines()) == 1
