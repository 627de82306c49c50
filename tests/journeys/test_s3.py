"""The main job with the sounds in a bucket: the whole product against a local S3 service."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer

from backline.config.testing import Person, Stack, running_stack
from backline.core.catalog.media.testing import Format, make_file, sound_of

KEYS = {
    "BACKLINE_S3_ACCESS_KEY_ID": "key",
    "BACKLINE_S3_SECRET_ACCESS_KEY": "hush",
    "BACKLINE_S3_REGION": "eu-central-1",
}


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="eu-central-1",
        aws_access_key_id="key",
        aws_secret_access_key="hush",
    )
    client.create_bucket(Bucket="sounds", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    client.close()
    yield address
    server.stop()


@pytest.fixture
def stack(endpoint: str) -> Iterator[Stack]:
    with running_stack(BACKLINE_S3_BUCKET="sounds", BACKLINE_S3_ENDPOINT_URL=endpoint, **KEYS) as running:
        yield running


def test_a_track_lives_in_the_bucket_and_is_played_from_there(stack: Stack, endpoint: str, tmp_path: Path) -> None:
    artist = Person(stack, "cloud")
    artist.become_artist("cloud")
    answer = artist.upload("cloud", make_file(tmp_path, Format.FLAC, seconds=40, seed=3))
    track = artist.wait_until_done(stack, answer.json()["id"])
    artist.http.patch(f"/api/v1/tracks/{track['id']}", json={"published": True}).raise_for_status()

    play = stack.client().post(f"/api/v1/tracks/{track['id']}/play").json()
    redirect = httpx.get(stack.url + play["url"])
    sound = httpx.get(redirect.headers["location"], headers={"Range": "bytes=0-"})

    assert track["status"] == "ready"
    assert (play["access"], redirect.status_code) == ("hook", 302)
    assert redirect.headers["location"].startswith(endpoint)
    assert "no-store" in redirect.headers["cache-control"]
    assert sound.status_code == 206
    (tmp_path / "hook.mp3").write_bytes(sound.content)
    samples, rate = sound_of(tmp_path / "hook.mp3")
    assert abs(samples.shape[1] / rate * 1000 - track["hook"]["duration_ms"]) <= 50
    assert stack.client().get(track["peaks_url"]).status_code == 200
    assert [path for path in (stack.data / "blobs").rglob("*") if path.is_file()] == []
