"""The stand-in as a process of its own, reading datasets from a real object storage server."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Client

from attune_local.stack.loopback import free_port
from attune_local.stack.storage_server import find_storage_server
from attune_local.stack.waiting import wait_until
from attune_local.vertex.gcs import GcsObjects
from vertex_samples import PARENT, TRAIN, bucket, file_row, inline_row, jsonl, wav

INLINE = "gs://sets/inline.jsonl"


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """An object storage server with the sample bucket in it; yields its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    at = ("-scheme", "http", "-host", "127.0.0.1", "-port", str(port), "-external-url", address)
    with running(str(find_storage_server()), "-backend", "memory", "-log-level", "warn", *at):
        wait_until(lambda: answers(f"{address}/storage/v1/b"), 20, "the storage server answers")
        fill(address)
        yield address


@contextmanager
def running(*command: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def answers(address: str) -> bool:
    try:
        return requests.get(address, timeout=5).ok
    except requests.ConnectionError:
        return False


def fill(address: str) -> None:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call] # the library leaves it untyped
    client = Client(project="demo", credentials=nobody, client_options={"api_endpoint": address})
    for name in ("sets", "audio"):
        client.create_bucket(name)
    for uri, content in (bucket() | {INLINE: jsonl([inline_row(wav(1))])}).items():
        at, _, name = uri.removeprefix("gs://").partition("/")
        client.bucket(at).blob(name).upload_from_string(content)
    client.close()


def test_objects_are_measured_read_and_missed(storage: str) -> None:
    objects = GcsObjects(storage)
    contents = bucket()
    assert objects.size(TRAIN) == len(contents[TRAIN])
    assert objects.read("gs://audio/1.wav") == contents["gs://audio/1.wav"]
    for missing in ("gs://audio/gone.wav", "gs://nowhere/gone.wav"):
        assert (objects.size(missing), objects.read(missing)) == (None, None)


@pytest.mark.parametrize("chunk_bytes", [64, 100_000])
def test_a_dataset_is_read_by_lines_across_the_edges_of_its_ranges(storage: str, chunk_bytes: int) -> None:
    assert list(GcsObjects(storage, chunk_bytes=chunk_bytes).lines(TRAIN)) == bucket()[TRAIN].splitlines(keepends=True)


def test_a_range_that_ends_with_the_dataset_reads_no_line_twice(storage: str) -> None:
    content = bucket()[TRAIN]
    lines = list(GcsObjects(storage, chunk_bytes=len(content)).lines(TRAIN))
    assert b"".join(lines) == content


def test_the_process_tunes_on_what_is_in_the_bucket_and_answers(storage: str) -> None:
    with stand_in(storage) as address:
        done = tuned(address, TRAIN)
        asked = file_row("gs://audio/3.wav")["contents"]
        assert isinstance(asked, list)
        answer = requests.post(
            f"{address}/v1/{done['tunedModel']['endpoint']}:generateContent",
            json={"contents": asked[:1]},
            timeout=10,
        )
        assert answer.json()["candidates"][0]["content"]["parts"][0]["text"] == "sentence number 3"


def test_the_process_can_be_told_to_refuse_audio_inside_a_row(storage: str) -> None:
    with stand_in(storage, "--refuse-inline") as address:
        assert "unsupported modality [inlineData]" in tuned(address, INLINE)["error"]["message"]


@contextmanager
def stand_in(storage: str, *options: str) -> Iterator[str]:
    """The process, quick; yields its address."""
    command = ("-m", "attune_local.vertex", "--port", "0", "--storage-endpoint", storage, "--by-heart", *options)
    with running(sys.executable, *command, "--queue-seconds", "0", "--run-seconds", "0.1") as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", address)
        yield address
    assert process.returncode == 0


def tuned(address: str, uri: str) -> Any:
    """A job once it is final."""
    body: Any = {"baseModel": "gemini-2.5-flash", "supervisedTuningSpec": {"trainingDatasetUri": uri}}
    job = requests.post(f"{address}/v1/{PARENT}/tuningJobs", json=body, timeout=10).json()

    def final() -> Any:
        now = requests.get(f"{address}/v1/{job['name']}", timeout=10).json()
        return now if "endTime" in now else None

    return wait_until(final, 20, "the job ends")
