"""Pointed at a bucket that is already full, attune takes it in, in memory that does not grow with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from google.cloud.storage import Bucket

from attune_local.stack.plan import Plan
from attune_local.stack.stack import Stack
from service.theatre import wav

TESTS = Path(__file__).parents[1]


def fill(bucket: Bucket, objects: int) -> None:
    """Pairs of their own words and noise, of less than a second; no function is told of them."""

    def upload(number: int) -> None:
        bucket.blob(f"old/speaker {number % 7}/{number:06}.wav").upload_from_string(wav(0.8, seed=number))
        bucket.blob(f"old/speaker {number % 7}/{number:06}.txt").upload_from_string(f"it says number {number}")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(upload, range(objects // 2)))


def swept(stack: Stack, bucket: str, project: str) -> dict[str, Any]:
    """A pass over it in a process of its own, and what that took."""
    named = {"ATTUNE_PROJECT": project, "GOOGLE_CLOUD_PROJECT": project, "ATTUNE_INTAKE_BUCKET": bucket}
    done = subprocess.run(
        [sys.executable, "-m", "backfill"],
        env=os.environ | stack.environment() | named | {"PYTHONPATH": str(TESTS)},
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def backfilled(stack: Stack, objects: int, name: str) -> dict[str, Any]:
    bucket = stack.storage_client().create_bucket(f"{name}-{objects}")
    fill(bucket, objects)
    told = swept(stack, bucket.name, f"{name}-{objects}")
    assert told["taken_in"] == objects
    assert told["ledgers"] == [["old", objects, objects, 0]]
    assert told["put_off"] == 0
    return told


@pytest.mark.emulators
def test_a_full_bucket_is_taken_in(stack: Stack, unique: str) -> None:
    assert backfilled(stack, 60, unique)["calls"] == 1


@pytest.mark.emulators
@pytest.mark.thorough
@pytest.mark.timeout(3_600)
@pytest.mark.usefixtures("emulators_installed")
def test_twenty_thousand_objects_take_no_more_memory_than_two_thousand(tmp_path: Path, unique: str) -> None:
    # In files: in memory, the storage server copies every object's metadata at each look-up.
    with Stack(Plan(objects=tmp_path)) as stack:
        few, many = (backfilled(stack, objects, unique) for objects in (2_000, 20_000))
    print(f"2,000 objects: {few}\n20,000 objects: {many}")  # noqa: T201 - the figures are what it is run for
    assert many["peak_kilobytes"] <= 1.2 * few["peak_kilobytes"]
