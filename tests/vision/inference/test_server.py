from __future__ import annotations

import gc
import os
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from models.card import WEIGHTS
from qyran.errors import ConfigError, InferenceError
from scenarios.pictures import sample
from service.detectors import SHIPPED, ModelChoice
from service.plate_eye import plate_eye
from tests.vision import tiny_onnx
from tests.vision.inference.serving import SHAPE, Served, served
from vision.engine import open_engine
from vision.inference.process import Plan, listen
from vision.inference.ring import Ring
from vision.inference.room import DEATHS, Room
from vision.inference.turn import Batches
from vision.inference.wire import Request, Status, network_name, read, said

SHARED = Path("/dev/shm")  # noqa: S108 - where shared memory that has a name stays for ever
ANSWER = np.zeros((10, 21), np.float32)


@pytest.fixture(scope="module")
def process():
    with served() as one:
        yield one


@pytest.fixture(scope="module")
def streets() -> list[np.ndarray]:
    """Rendered streets."""
    return [picture for picture, _, _ in sample(4, 3, "road", (640, 360))][:3]


@pytest.fixture
def mean(tmp_path) -> Path:
    """A network that answers the mean of its input."""
    return tiny_onnx.write(tmp_path / "mean.onnx", ANSWER, gain=ANSWER + 1)


def of(number: float, size: int = 32) -> np.ndarray:
    return np.full((1, 3, size, size), number, np.float32)


def until(true) -> None:
    """Wait for the other process to have noticed; the suite's own time limit ends a wait in vain."""
    pause = threading.Event()
    while not true():
        pause.wait(0.01)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("road", (1, 3, 192, 320)),
        ("fire", (1, 3, 96, 160)),
        ("plates", (1, 3, 192, 192)),
        ("plate_reader", (4, 1, 48, 192)),
        ("attributes", (3, 3, 72, 72)),
    ],
)
def test_every_network_answers_there_as_it_does_here_bit_by_bit(name, shape, process):
    here, there = open_engine(WEIGHTS / f"{name}.onnx"), process.room().open(WEIGHTS / f"{name}.onnx")
    assert (there.input_size, there.batch) == (here.input_size, here.batch)
    blob = np.random.default_rng(8).random(shape, np.float32)
    written = there.memory(shape)
    written[:] = blob
    for found in (there.run_all(blob), there.run_all(written), [there.run(blob)]):
        for one, other in zip(found, here.run_all(blob), strict=False):
            np.testing.assert_array_equal(one, other)
    assert len(there.run_all(blob)) == len(here.run_all(blob))
    assert 0 <= there.waited_s < there.load.ran_s + there.waited_s


def test_detectors_see_there_what_they_see_here_in_several_threads(process, streets):
    there = ModelChoice(room=process.room())
    for place in ("road", "fire"):
        near, far = SHIPPED.detector(place, long_side=320), there.detector(place, long_side=320)
        twins = [far, far.twin(), far.twin()]
        with ThreadPoolExecutor(3) as threads:
            seen = list(threads.map(lambda pair: pair[0].detect(pair[1]), zip(twins, streets, strict=True)))
        for found, picture in zip(seen, streets, strict=True):
            wanted = near.detect(picture)
            np.testing.assert_array_equal(found.box, wanted.box)
            np.testing.assert_array_equal(found.score, wanted.score)
    assert [one.reading.text for one in plate_eye(there).look(streets[0])] == [
        one.reading.text for one in plate_eye(SHIPPED).look(streets[0])
    ]


def test_a_network_that_raises_tells_whoever_asked_and_nobody_else(process, mean, tmp_path):
    picky = tiny_onnx.write(tmp_path / "picky.onnx", ANSWER, size=(64, 64))
    well, ill = process.room("well").open(mean), process.room("ill").open(picky)
    with ThreadPoolExecutor(2) as threads:
        good = threads.submit(lambda: {float(well.run(of(5))[0, 0, 0]) for _ in range(50)})
        for _ in range(10):
            with pytest.raises(ConfigError, match=r"picky\.onnx fail on an input of 1x3x32x32; correct the card\.$"):
                ill.run(of(5))
        assert good.result() == {5.0}
    assert ill.run(of(5, 64)).shape == (1, 10, 21)
    cameras = process.room().status()["cameras"]
    assert (cameras["well"]["failed"], cameras["ill"]["failed"]) == (0, 10)


@pytest.mark.parametrize("content", [b"no model", None])
def test_weights_that_cannot_be_used_are_named_to_whoever_opens_them(content, process, tmp_path):
    weights = tmp_path / "odd.onnx"
    if content is not None:
        weights.write_bytes(content)
    with pytest.raises(ConfigError, match=r"The weights .*odd\.onnx are (no ONNX model|missing)"):
        process.room().open(weights)


def test_other_weights_at_the_same_place_are_another_network(process, mean):
    room = process.room()
    old = room.open(mean)
    tiny_onnx.write(mean, ANSWER + 100, gain=ANSWER)
    os.utime(mean, ns=(1, 1))
    assert room.open(mean).run(of(3))[0, 0, 0] == 100
    assert old.run(of(3))[0, 0, 0] == 3


def test_an_answer_that_the_death_of_the_process_took_is_given_by_its_successor(mean):
    with served() as process:
        room = process.room()
        engine, large = room.open(mean), of(7, 640)
        kept = engine.memory(large.shape)
        kept[:] = large
        assert engine.run(kept)[0, 0, 0] == 7
        os.kill(process.pid, signal.SIGSTOP)  # the request is under way when it dies
        with ThreadPoolExecutor(1) as threads:
            answer = threads.submit(engine.run, kept)
            slot = room._ring.slot_of(kept)
            until(lambda: room._ring.generation(slot) % 2 == 0)
            process.kill()
            process.start()
            assert answer.result()[0, 0, 0] == 7
        assert room.repeated == 1
        assert engine.run(of(9))[0, 0, 0] == 9


def test_a_request_that_the_process_dies_of_again_and_again_is_given_up(mean):
    listener, address = listen()

    def dies() -> None:
        for _ in range(DEATHS):
            wire, _ = listener.accept()
            while b"open" not in wire.recv(65536):
                pass
            wire.close()

    room = Room(address, "camera", Ring(SHAPE))
    with ThreadPoolExecutor(1) as threads:
        dying = threads.submit(dies)
        with pytest.raises(InferenceError, match="died 3 times over one request of the camera camera"):
            room.open(mean)
        dying.result()
    room.close()
    listener.close()


def test_a_process_that_says_nothing_is_given_up_and_its_input_never_written_again(mean):
    with served() as process:
        room = process.room(answer_s=0.2)
        engine = room.open(mean)
        kept = engine.memory((1, 3, 32, 32))
        kept[:] = 1
        os.kill(process.pid, signal.SIGSTOP)
        with pytest.raises(InferenceError, match="gave no answer in"):
            engine.run(kept)
        slot = room._ring.slot_of(kept)
        del kept
        gc.collect()
        assert slot not in {room._ring.slot_of(engine.memory((1, 3, 32, 32))) for _ in range(20)}


CLIENT = """
import sys, numpy as np
from pathlib import Path
from tests.vision.inference.serving import SHAPE
from vision.inference.ring import Ring
from vision.inference.room import Room
engine = Room(bytes.fromhex(sys.argv[1]).decode(), "killed", Ring(SHAPE)).open(Path(sys.argv[2]))
blob = engine.memory((1, 3, 640, 640)); blob[:] = 1
while True:
    engine.run(blob); print("ran", flush=True)
"""


def test_a_camera_that_is_killed_leaves_nothing_behind_and_harms_no_other(process, mean):
    named = set(SHARED.iterdir())
    other = process.room("other").open(mean)
    before = process.rings()
    words = [sys.executable, "-c", CLIENT, process.address.encode().hex(), str(mean)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as client:
        client.stdout.readline()
        assert process.rings() == before + 1
        client.send_signal(signal.SIGKILL)
    assert other.run(of(4))[0, 0, 0] == 4
    until(lambda: process.rings() <= before)
    assert set(SHARED.iterdir()) <= named
    assert "killed" not in process.room().status()["cameras"]


def wire_to(process: Served, ring: Ring) -> socket.socket:
    wire = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    wire.connect(process.address)
    hello = said(hello="raw", ring=[SHAPE.slots, SHAPE.input_bytes, SHAPE.output_bytes])
    socket.send_fds(wire, [hello], [ring.file])
    return wire


def test_an_input_that_was_overwritten_is_not_looked_at(process, mean):
    process.room().open(mean)
    ring = Ring(SHAPE)
    blob = ring.take(of(1), 1.0)
    slot = ring.slot_of(blob)
    generation = ring.publish(slot)
    with wire_to(process, ring) as wire:
        for named in (generation - 2, generation + 1, generation + 2):
            wire.send(Request(slot, named, network_name(mean), blob.shape).packed())
            reply = read(wire.recv(65536))
            assert (reply.status, reply.shapes) == (Status.TORN, ())
        wire.send(Request(slot, generation, network_name(mean), blob.shape).packed())
        assert read(wire.recv(65536)).status is Status.DONE
        wire.send(Request(99, generation, network_name(mean), blob.shape).packed())
        assert read(wire.recv(65536)).status is Status.FAILED


@pytest.mark.parametrize("message", [b"noise", b"{}", b'{"hello": 1}', b"[1]", b"Q", b"A", b'{"open": 1'])
def test_a_wire_with_noise_on_it_is_cut_and_the_others_go_on(message, process, mean):
    with wire_to(process, Ring(SHAPE)) as wire:
        wire.send(message)
        assert wire.recv(65536) == b""
    assert process.room().open(mean).run(of(2))[0, 0, 0] == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_of_the_machine_is_not_answered(process):
    stranger = (
        "import os, socket, sys; os.setuid(65534); s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET);"
        "s.connect(bytes.fromhex(sys.argv[1]));\n"
        "try:\n s.send(b'{\"status\": 1}'); print(len(s.recv(99)))\n"
        "except OSError: print(0)"
    )
    words = [sys.executable, "-c", stranger, process.address.encode().hex()]
    told = subprocess.run(words, capture_output=True, check=True, text=True)
    assert told.stdout.strip() == "0"


def test_requests_of_several_cameras_run_together_where_the_device_gains_and_each_gets_its_own(mean, tmp_path):
    fixed = tiny_onnx.write(tmp_path / "fixed.onnx", ANSWER, gain=ANSWER + 1, batch=1)
    cameras = 8
    with served(Plan("cpu", 1, Batches(cameras, 10.0), padded=True)) as process:
        engines = [process.room(f"camera {number}").open(mean) for number in range(cameras)]
        with ThreadPoolExecutor(cameras) as threads:
            for turn in range(3):
                found = list(threads.map(lambda n, turn=turn: engines[n].run(of(n + turn))[0, 0, 0], range(cameras)))
                assert found == [number + turn for number in range(cameras)]
        assert process.room().open(fixed).run(of(6))[0, 0, 0] == 6  # made for one at a time: it waits for nobody
        networks = process.room().status()["networks"]
    assert networks["mean.onnx"]["together"] > 6
    assert networks["fixed.onnx"]["together"] == 1
