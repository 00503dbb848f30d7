from __future__ import annotations

import pytest

from evidence.verify import verify_package
from qyran.errors import ConfigError, TransitionError
from qyran.roles import Role
from service import cases, signing
from service.evidence_settings import evidence_file
from service.evidence_stamps import LONGEST_WAIT, NEEDED, ask_stamps, next_try, require_stamp
from service.records import evidence_of
from service.store.evidence_tables import EvidenceStamp
from tests.evidence.authority import Authority, served
from tests.service.world import World


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"), curve=True)


def asking(settings, url: str, *, required: bool = False, authority: Authority | None = None):
    """Settings that ask an authority, and trust the one given."""
    file = settings.home.parent / "evidence.toml"
    file.write_text(f'[time_stamp]\nurl = "{url}"\nrequired = {str(required).lower()}\n')
    if authority is not None:
        folder = settings.home / "keys" / "trusted" / "time"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ca.pem").write_bytes((authority.folder / "ca.pem").read_bytes())
    return settings.model_copy(update={"evidence_file": file})


def stamp_of(world, event: str) -> EvidenceStamp:
    with world.store.read() as work:
        return work.session.get_one(EvidenceStamp, event)


def package_of(world, case: str):
    with world.store.read() as work:
        return evidence_of(work, [case])[case][0]


def test_every_new_package_gets_its_token_once(settings, database_url, authority):
    with served(authority.answer) as url:
        asked = asking(settings, url, authority=authority).model_copy(update={"database_url": database_url})
        with World(asked) as world:
            one, two = world.case(track=1, plate="111AAA02"), world.case(track=2, plate="222BBB02")
            assert ask_stamps(world.store).stamped == 2
            assert ask_stamps(world.store).stamped == 0
            row = stamp_of(world, one)
            assert (row.state, row.anchored, row.authority) == ("stamped", True, "CN=Qyran test tsa")
            assert row.serial != stamp_of(world, two).serial
            folder = world.settings.evidence_folder / package_of(world, one).folder
            trust = signing.trust_store(world.settings.home)
            assert verify_package(folder, trust).notes == ()


def test_an_authority_that_is_away_makes_packages_wait_longer_and_longer(settings):
    with World(asking(settings, "http://127.0.0.1:9/")) as world:
        case = world.case()
        assert ask_stamps(world.store).waiting == 1
        assert ask_stamps(world.store).waiting == 0
        first = stamp_of(world, case)
        assert (first.state, first.attempts) == ("pending", 1)
        assert "cannot be reached" in first.error
        world.clock.forward(minutes=2)
        assert ask_stamps(world.store).waiting == 1
        assert stamp_of(world, case).next_try - world.clock.now > first.next_try - world.clock.now


def test_an_authority_that_comes_back_stamps_what_waited(settings, authority):
    with World(asking(settings, "http://127.0.0.1:9/", authority=authority)) as world:
        case = world.case()
        ask_stamps(world.store)
        world.clock.forward(hours=1)
        with served(authority.answer) as url:
            asking(settings, url)
            assert ask_stamps(world.store).stamped == 1
        assert (stamp_of(world, case).state, stamp_of(world, case).error) == ("stamped", None)


def test_after_one_refusal_the_authority_is_left_in_peace(settings):
    asked = []
    with served(lambda body: asked.append(body) or b"no", status=200) as url, World(asking(settings, url)) as world:
        for number in range(3):
            world.case(track=number, plate=f"{number}11AAA02")
        ask_stamps(world.store)
    assert len(asked) == 1


def test_a_token_left_by_a_kill_between_file_and_store_is_taken_up(settings, authority):
    with served(authority.answer) as url, World(asking(settings, url, authority=authority)) as world:
        case = world.case()
        ask_stamps(world.store)
        before, count = stamp_of(world, case), authority.answers
        with world.store.write() as work:
            work.session.delete(work.session.get_one(EvidenceStamp, case))
        assert ask_stamps(world.store).stamped == 1
        assert (stamp_of(world, case).serial, authority.answers) == (before.serial, count)


@pytest.mark.parametrize(("required", "refused"), [(True, True), (False, False)])
def test_a_city_may_demand_the_token_before_signing(settings, required, refused):
    with World(asking(settings, "http://127.0.0.1:9/", required=required)) as world:
        case = world.case()
        ask_stamps(world.store)
        with world.store.read() as work:
            package = evidence_of(work, [case])[case][0]
            if refused:
                with pytest.raises(TransitionError, match="time stamp"):
                    require_stamp(work, package)
            else:
                require_stamp(work, package)


def test_a_decision_is_not_signed_without_the_token_a_city_demands(settings, authority):
    with World(asking(settings, "http://127.0.0.1:9/", required=True, authority=authority), demo=True) as world:
        case = world.case()
        officer = world.person(Role.POLICE_OFFICER)
        world.do(officer, cases.claim, case)
        world.do(officer, cases.confirm, case, "599-1")
        with pytest.raises(TransitionError, match=NEEDED):
            world.do(officer, signing.sign, case)
        with served(authority.answer) as url:
            asking(settings, url, required=True)
            ask_stamps(world.store)
            assert world.do(officer, signing.sign, case).state == "signed"


def test_without_an_authority_nothing_is_asked_or_demanded(world):
    case = world.case()
    assert ask_stamps(world.store).stamped == 0
    with world.store.read() as work:
        require_stamp(work, evidence_of(work, [case])[case][0])


def test_waits_double_up_to_six_hours(world):
    now, first = world.clock.now, LONGEST_WAIT / 360
    waits = [next_try(now, first, attempts) - now for attempts in range(1, 40)]
    assert waits[:3] == [first, 2 * first, 4 * first]
    assert max(waits) == LONGEST_WAIT


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[time_stamp]\n", "time_stamp.url"),
        ('[time_stamp]\nurl = "ftp://x"\n', "time_stamp.url"),
        ("[clock]\nserver = []\n", "clock.server"),
        ("[publish]\nhour = 24\n", "publish.hour"),
        ("nonsense", "cannot be read"),
    ],
)
def test_an_evidence_file_that_is_wrong_is_named_with_the_place(settings, tmp_path, text, said):
    file = tmp_path / "evidence.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        evidence_file(settings.model_copy(update={"evidence_file": file}))
