"""What the doctor finds on machines and installations that lack something."""

import json
import os
import shutil
import socket
import sqlite3
import subprocess
from pathlib import Path

import pytest

from service.cli.main import main
from service.doctor import databases, disks, machine, outside, parts
from service.doctor.checks import CHECKS, Asked, examine, is_sound, patient_of
from service.doctor.findings import Grade, Patient
from service.doctor.words import cure, sentence, title
from service.i18n import LANGUAGES
from service.settings import load_settings
from service.store.database import open_store
from tests.service.world import CAMERA


@pytest.fixture
def patient(settings):
    settings.home.mkdir(mode=0o700)
    return Patient(settings, network=False)


def of(patient, **changes):
    given = patient.settings.model_copy(update=changes)
    return Patient(given, cameras=patient.cameras, streams=patient.streams, port=patient.port, network=True)


def codes(findings, grade=None):
    return [one.code for one in findings if grade is None or one.grade is grade]


def wrongs(findings):
    return codes(findings, Grade.WRONG)


def test_a_healthy_installation_has_nothing_wrong_but_the_clock_of_this_machine(patient):
    open_store(patient.settings).close()
    found = [one for each in examine(patient) for one in each.findings]
    assert [one.code for one in found if one.grade is Grade.WRONG and one.code != "clock_free"] == []
    assert {"libraries", "models", "letters", "decoders", "browser_files", "schema"} <= set(codes(found, Grade.OK))


def test_a_library_that_is_missing_or_old_is_named(monkeypatch):
    wanted = ["no-such-thing>=1", "numpy>=99.1", "av>=1", 'ray>=2; extra == "cluster"']
    monkeypatch.setattr(machine, "requires", lambda _: wanted)
    found = list(machine.libraries(Patient(None)))
    assert wrongs(found) == ["library_missing", "library_old"]
    assert found[1].values["least"] == "99.1"


@pytest.mark.parametrize(
    ("flags", "code"),
    [("sse4_2", "no_avx2"), ("avx2 fma", "processor"), ("avx2 avx512_vnni", "processor_vnni"), ("asimd", "processor")],
)
def test_what_the_processor_can_do_is_told(monkeypatch, tmp_path, flags, code):
    (tmp_path / "cpuinfo").write_text(f"processor : 0\nflags : fpu {flags}\n")
    monkeypatch.setattr(machine, "CPUINFO", tmp_path / "cpuinfo")
    assert codes(machine.processor(Patient(None))) == [code]


@pytest.mark.parametrize(("engine", "code"), [("cpu", []), ("warp", ["engine_unknown"])])
def test_an_engine_that_is_not_here_is_named(patient, engine, code):
    assert wrongs(machine.processor(of(patient, engine=engine))) == code


def test_a_container_with_little_memory_is_told(monkeypatch, tmp_path):
    (tmp_path / "max").write_text(str(1 << 30))
    monkeypatch.setattr(machine, "CGROUP", tmp_path / "max")
    assert wrongs(machine.memory(Patient(None))) == ["memory"]


def test_time_servers_that_do_not_answer_are_named(patient, tmp_path):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        silent.close()  # nobody listens there: the machine itself refuses at once
        (tmp_path / "evidence.toml").write_text(f'[clock]\nservers = ["127.0.0.1:{port}"]\n')
        assert "clock_silent" in wrongs(machine.clock(of(patient, evidence_file=tmp_path / "evidence.toml")))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of one mebibyte."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "small"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=0700", "tmpfs", place], check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_is_told_by_its_room_and_by_what_it_refuses(patient, small_disk):
    on_it = of(patient, spool=small_disk / "spool")
    assert wrongs(disks.room(on_it)) == ["disk_full"]
    assert wrongs(disks.speed(on_it)) == ["disk_refuses"]
    assert list(small_disk.iterdir()) == []


def test_a_disk_with_room_tells_its_speed_and_keeps_nothing_of_the_trial(patient):
    assert codes(disks.speed(patient))[0] in {"disk_speed", "disk_slow"}
    assert list(patient.settings.home.iterdir()) == []


def test_folders_that_others_look_into_are_named(patient):
    patient.settings.home.chmod(0o755)
    assert wrongs(disks.writable(patient)) == ["folder_open"]


def test_a_read_only_folder_is_named(patient, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert set(wrongs(disks.writable(patient))) == {"folder_not_writable"}


def test_secrets_that_others_can_read_or_that_are_gone_are_named(patient, tmp_path):
    secret = tmp_path / "database_password"
    secret.write_text("sesame-open")
    secret.chmod(0o644)
    found = list(disks.secrets(of(patient, database_password=f"file:{secret}", metrics_token="env:NOBODY_SET_IT")))
    assert wrongs(found) == ["secret_open", "secret_unreadable"]
    assert "sesame" not in str(found)


def test_a_key_that_others_can_read_is_named(patient):
    open_store(patient.settings).close()
    key = next(
        path for path in (patient.settings.home / "keys").rglob("*") if path.is_file() and path.suffix != ".lock"
    )
    key.chmod(0o644)
    found = list(disks.secrets(patient))
    assert wrongs(found) == ["key_open"]
    assert found[0].values["path"] == str(key)


def test_a_database_that_is_not_there_yet_is_no_fault(patient):
    assert codes(databases.database(patient)) == ["database_new"]


def test_a_damaged_database_is_told(patient):
    open_store(patient.settings).close()
    path = patient.settings.home / "qyran.db"
    for spare in path.parent.glob("qyran.db-*"):
        spare.unlink()
    data = bytearray(path.read_bytes())
    data[8192 : 8192 + 65536] = bytes(65536)
    path.write_bytes(data)
    assert set(wrongs(databases.database(patient))) & {"database_damaged", "database_away"}


def test_a_schema_of_a_newer_program_is_told(patient):
    open_store(patient.settings).close()
    with sqlite3.connect(patient.settings.home / "qyran.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    assert wrongs(databases.database(patient)) == ["schema_newer"]


def test_a_database_server_that_is_away_is_told_without_a_password(patient, monkeypatch):
    monkeypatch.setenv("PG_SECRET", "sesame-open")
    away = of(patient, database_url="postgresql://qyran@127.0.0.1:1/qyran", database_password="env:PG_SECRET")
    found = list(databases.database(away))
    assert wrongs(found) == ["database_away"]
    assert "sesame" not in str(found)


def test_postgresql_is_asked_for_its_version_durability_and_privileges(patient, postgres_server):
    found = list(databases.database(of(patient, database_url=postgres_server)))
    assert {"database", "database_version"} <= set(codes(found, Grade.OK))
    assert "database_not_durable" in wrongs(found)  # the tests' server waits for no disk
    assert codes(found, Grade.NOTE)[-1] == "schema_empty"


def test_development_keys_are_marked(patient):
    open_store(patient.settings).close()
    parts_found = codes(parts.keys(patient))
    assert "signing_development" in parts_found
    keys = patient.settings.home / "keys"
    (keys / "evidence.pem").write_text("x")
    assert "key_installed" in codes(parts.keys(patient))


def test_weights_that_were_altered_are_told(patient, tmp_path):
    card = Path("models/weights/fire.json").resolve()
    shutil.copy(card, tmp_path / "fire.json")
    weights = next(path for path in card.parent.glob("fire*.onnx"))
    (tmp_path / weights.name).write_bytes(weights.read_bytes()[:-1] + b"!")
    assert wrongs(parts.models(of(patient, fire_model=str(tmp_path / "fire.json")))) == ["model"]


def test_browser_files_that_are_missing_are_named(patient, monkeypatch, tmp_path):
    monkeypatch.setattr(parts.rendering, "STATIC", tmp_path)
    assert wrongs(parts.browser_files(patient)) == ["browser_files_missing"]


def test_a_paper_that_loses_letters_is_told(patient, monkeypatch):
    monkeypatch.setattr(parts, "KAZAKH", "Ә\N{COMBINING ENCLOSING CIRCLE}\U0001f9ff")
    assert wrongs(parts.papers(patient)) == ["letters_lost"]
    monkeypatch.undo()
    assert codes(parts.papers(patient)) == ["letters"]


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:8000", "tls_local"),
        ("http://qyran.example.kz", "tls_none"),
        ("https://127.0.0.1:1", "tls_away"),
    ],
)
def test_the_way_people_reach_the_service_is_looked_at(patient, url, code):
    assert codes(outside.certificate(of(patient, public_url=url))) == [code]


def test_mail_server_broker_receivers_and_registers_that_are_away_are_told(patient, tmp_path, monkeypatch):
    monkeypatch.setenv("A_SECRET", "sesame")
    delivery, alerts, sensors = tmp_path / "delivery.toml", tmp_path / "alerts.toml", tmp_path / "sensors.toml"
    delivery.write_text(
        '[register]\nurl = "https://127.0.0.1:1/erap"\n[email]\nhost = "127.0.0.1"\nport = 1\nsender = "a@b.kz"\n'
    )
    alerts.write_text('[[receivers]]\nid = "dispatch"\nchannel = "webhook"\nservice = "112"\nsteps = ["raised"]\n'
                      'url = "https://127.0.0.1:1/x"\nsecret = "env:A_SECRET"\n')  # fmt: skip
    sensors.write_text('[mqtt]\nhost = "127.0.0.1"\nport = 1\n')
    sick = of(patient, delivery_file=delivery, alerts_file=alerts, sensors_file=sensors)
    assert wrongs(outside.mail(sick)) == ["mail_away"]
    assert wrongs(outside.registers(sick)) == ["peer_away"]
    assert wrongs(outside.broker(sick)) == ["broker_away"]
    assert wrongs(outside.receivers(sick)) == ["receiver_away"]


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert wrongs(outside.port(Patient(None, port=taken.getsockname()[1]))) == ["port_taken"]


def test_camera_files_that_are_wrong_or_share_an_id_are_named(tmp_path):
    text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in CAMERA.items() if key != "commissioned")
    for name in ("one", "two"):
        (tmp_path / f"{name}.toml").write_text(text)
    (tmp_path / "odd.toml").write_text(text + "colour = 1\n")
    found = list(parts.cameras(patient_of([tmp_path], network=False)))
    assert sorted(wrongs(found)) == ["camera", "camera_twice"]


def test_settings_that_cannot_be_read_stop_only_what_needs_them(monkeypatch):
    monkeypatch.setenv("QYRAN_TIME_ZONE", "Asia/Nowhere")
    monkeypatch.setenv("QYRAN_TIMEZONE", "Asia/Almaty")
    done = {each.name: each for each in examine(patient_of(network=False), ("python", "settings", "database"))}
    assert wrongs(done["settings"].findings) == ["settings_wrong"]
    assert "database" not in done
    monkeypatch.delenv("QYRAN_TIME_ZONE")
    found = list(parts.settings(patient_of(network=False)))
    assert wrongs(found) == ["variable_meant"]
    assert found[0].values["near"] == "QYRAN_TIME_ZONE"


def test_a_check_that_faints_is_wrong_and_the_others_go_on(monkeypatch):
    def faints(_):
        raise ZeroDivisionError("oh")
        yield

    monkeypatch.setitem(CHECKS, "memory", Asked(faints))
    done = list(examine(Patient(None), ("memory", "python")))
    assert [each.name for each in done] == ["python", "memory"]
    assert wrongs(done[1].findings) == ["failed"]
    assert not is_sound(done)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_check_has_a_name_and_findings_have_words_and_a_cure(lang, patient, tmp_path):
    patient.settings.home.chmod(0o755)
    for each in examine(Patient(patient.settings, cameras=(tmp_path / "none.toml",), network=False)):
        assert not title(lang, each.name).startswith("doctor.")
        for one in each.findings:
            assert not sentence(lang, one).startswith("doctor."), one.code
            assert one.grade is not Grade.WRONG or cure(lang, one), one.code
    assert all(not title(lang, name).startswith("doctor.") for name in CHECKS)


def test_the_command_ends_with_one_where_something_is_wrong_and_writes_json(capsys, monkeypatch):
    load_settings().home.mkdir(mode=0o700)
    assert main(["doctor", "--only", "python", "--lang", "kk"]) == 0
    assert capsys.readouterr().out.startswith("✓ Python: Python 3.")
    monkeypatch.setenv("QYRAN_ENGINE", "warp")
    assert main(["doctor", "--only", "processor", "--json", "--lang", "ru"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["sound"] is False
    assert {one["code"] for one in said["findings"]} >= {"engine_unknown"}
    assert main(["doctor", "--only", "nothing"]) == 2
