from __future__ import annotations

import functools
import http.server
import json
import threading
from pathlib import Path

import pytest

from models.card import file_sha256
from models.pull import pull
from models.registry import find, installed, shipped
from qyran.errors import ConfigError, InputError


def model(folder: Path, name: str = "mine", weights: bytes = b"weights", **changes: object) -> Path:
    """A card with weights beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(weights)
    raw = {"name": name, "file": "model.onnx", "sha256": file_sha256(folder / "model.onnx"), "classes": ["car"]}
    path = folder / "card.json"
    path.write_text(json.dumps(raw | changes), encoding="utf-8")
    return path


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        moved = {"/moved/card.json": "/card.json", "/away/card.json": "ftp://example.org/card.json"}.get(self.path)
        if moved is None:
            super().do_GET()
        else:
            self.send_response(302)
            self.send_header("Location", moved)
            self.end_headers()


@pytest.fixture
def served(tmp_path):
    """A folder and the address at which a server of this machine gives it out."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def home(tmp_path) -> Path:
    return tmp_path / "models"


def by_card(tmp_path, **changes) -> str:
    return str(model(tmp_path / "given", **changes))


def by_folder(tmp_path, **changes) -> str:
    return str(model(tmp_path / "given", **changes).parent)


@pytest.mark.parametrize("by", [by_card, by_folder])
def test_a_model_is_installed_from_this_machine(by, tmp_path, home) -> None:
    card = pull(by(tmp_path), home)
    assert card.name == "mine"
    assert card.path.parent == home
    assert card.path.read_bytes() == b"weights"
    assert find("mine", home) == home / "mine.json"
    assert len(list(home.iterdir())) == 2


def test_a_model_is_installed_from_a_server(served, home) -> None:
    folder, address = served
    model(folder)
    assert pull(f"{address}/card.json", home).path.read_bytes() == b"weights"
    assert list(installed(home)) == ["mine"]


def test_a_server_may_send_elsewhere_as_long_as_it_is_safe(served, home) -> None:
    folder, address = served
    model(folder / "moved")
    model(folder)
    assert pull(f"{address}/moved/card.json", home).name == "mine"
    with pytest.raises(InputError, match="cannot be loaded"):
        pull(f"{address}/away/card.json", home)


def spoilt(folder: Path) -> None:
    model(folder)
    (folder / "model.onnx").write_bytes(b"weightz")


def without_weights(folder: Path) -> None:
    model(folder)
    (folder / "model.onnx").unlink()


def no_card(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "card.json").write_text("<html>", encoding="utf-8")


FAULTS = {
    "other weights than the card says": (spoilt, "are not those of their card"),
    "no weights": (without_weights, "missing|answers with status 404"),
    "no card but a page": (no_card, "is no JSON"),
    "a shipped name": (lambda folder: model(folder, "road"), "belongs to a shipped model"),
    "a name that leaves the folder": (lambda folder: model(folder, "../mine"), "cannot be that of a file"),
    "a hidden name": (lambda folder: model(folder, ".mine"), "cannot be that of a file"),
    "weights that leave the folder": (lambda folder: model(folder, file="../model.onnx"), "plain name of a file"),
    "an unknown class": (lambda folder: model(folder, classes=["lion"]), "does not know the class 'lion'"),
}


@pytest.mark.parametrize("where", ["card", "server"])
@pytest.mark.parametrize(("make", "fault"), FAULTS.values(), ids=FAULTS)
def test_what_is_wrong_is_refused_and_leaves_nothing(make, fault, where, served, home) -> None:
    folder, address = served
    make(folder)
    with pytest.raises((ConfigError, InputError), match=fault):
        pull(f"{address}/card.json" if where == "server" else str(folder / "card.json"), home)
    assert list(home.iterdir()) == []


def test_a_refusal_leaves_the_older_model_as_it_was(served, home) -> None:
    folder, address = served
    model(folder)
    pull(f"{address}/card.json", home)
    before = {path.name: path.read_bytes() for path in home.iterdir()}
    spoilt(folder)
    with pytest.raises(ConfigError):
        pull(f"{address}/card.json", home)
    assert {path.name: path.read_bytes() for path in home.iterdir()} == before


def test_a_newer_model_takes_the_place_of_the_older(tmp_path, home) -> None:
    pull(by_card(tmp_path), home)
    pull(by_card(tmp_path), home)
    assert pull(by_card(tmp_path, weights=b"newer"), home).path.read_bytes() == b"newer"
    assert len(list(home.iterdir())) == 2


def test_two_models_with_one_file_name_stay_apart(tmp_path, home) -> None:
    pull(by_card(tmp_path, name="a", weights=b"1"), home)
    pull(by_card(tmp_path, name="b", weights=b"2"), home)
    assert {name: find(name, home).is_file() for name in ("a", "b")} == {"a": True, "b": True}
    assert len(list(home.glob("*.onnx"))) == 2


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("http://example.org/card.json", "is not https"),
        ("ftp://127.0.0.1/card.json", "is not https"),
        ("https://me:tulip7@example.org/card.json", "holds a password"),
        ("http://127.0.0.1:9/card.json", "cannot be loaded"),
        ("absent.json", "cannot be read"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(source, fault, home) -> None:
    with pytest.raises((ConfigError, InputError), match=fault) as refused:
        pull(source, home)
    assert "tulip7" not in str(refused.value)
    assert list(home.iterdir()) == []


def test_a_folder_must_hold_one_card(tmp_path, home) -> None:
    with pytest.raises(ConfigError, match="holds no cards"):
        pull(str(tmp_path), home)
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigError, match="holds 2 cards"):
        pull(str(tmp_path), home)


def test_a_folder_of_models_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "models").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="models cannot be written"):
        pull(by_card(tmp_path), tmp_path / "models")


def test_a_shipped_name_means_the_shipped_model(tmp_path) -> None:
    (tmp_path / "road.json").write_text("{}", encoding="utf-8")
    assert find("road", tmp_path) == shipped()["road"]
    with pytest.raises(ConfigError, match="There is no model 'roda'; give the path of a card"):
        find("roda", tmp_path)
