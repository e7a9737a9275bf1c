"""The whole local stack, its functions from their staged folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attune_local.stack.plan import Plan, VertexPace
from attune_local.stack.stack import Stack
from attune_local.stage import stage

ROOT = Path(__file__).parents[2]


# For a file, not for the session: its ticks would keep a processor busy under all the tests that come after.
@pytest.fixture(scope="module")
def running(emulators_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:  # noqa: ARG001 - skips, and gives nothing
    staged = tmp_path_factory.mktemp("build")
    stage(ROOT, ["ingest", "erase", "launch", "watch"], staged)
    pace = VertexPace(queue_seconds=0.2, run_seconds=1.0)
    often = {"ATTUNE_SWEEP_SECONDS": "2", "ATTUNE_LEASE_SECONDS": "10", "ATTUNE_STALLED_SECONDS": "2"}
    with Stack(Plan(staged=staged, vertex=pace, tick_seconds=0.5, settings=often)) as stack:
        yield stack
