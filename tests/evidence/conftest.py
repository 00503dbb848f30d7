from __future__ import annotations

import pytest

from evidence.keys import installation_signer, trust_store
from evidence.package import write_package
from tests.evidence.packages import a_subject, a_video, ring_of


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    installation_signer(folder)
    return folder


@pytest.fixture(scope="session")
def signer(home):
    return installation_signer(home)


@pytest.fixture(scope="session")
def trust(home, signer):
    return trust_store(home)


@pytest.fixture(scope="session")
def ring(tmp_path_factory):
    return ring_of(a_video(tmp_path_factory.mktemp("video") / "h264.mp4"))


@pytest.fixture
def package(tmp_path, ring, signer):
    return write_package(a_subject(), ring, tmp_path / "evidence", signer)
