"""A real S3 server over HTTP, a bucket of a test's own, and settings that name it."""

from __future__ import annotations

import boto3
import pytest
from moto.server import ThreadedMotoServer


@pytest.fixture(scope="module")
def server():
    found = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    found.start()
    yield "http://{}:{}".format(*found.get_host_and_port())
    found.stop()


@pytest.fixture
def client(server):
    return boto3.client(
        "s3", endpoint_url=server, region_name="us-east-1", aws_access_key_id="key", aws_secret_access_key="word"
    )


@pytest.fixture
def address(server, client, tmp_path, monkeypatch):
    bucket = f"b{abs(hash(tmp_path))}"
    client.create_bucket(Bucket=bucket)
    monkeypatch.setenv("QYRAN_TEST_KEY", "key")
    monkeypatch.setenv("QYRAN_TEST_SECRET", "word")
    return f"s3://{bucket}/city?endpoint={server}"


SECRETS = {"object_store_key": "env:QYRAN_TEST_KEY", "object_store_secret": "env:QYRAN_TEST_SECRET"}


def with_store(settings, address: str, **more: object):
    return settings.model_copy(update={"object_store": address, **SECRETS, **more})
