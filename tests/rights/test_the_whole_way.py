"""The whole way under guard: nothing that a function needs is denied it, nothing is granted that it does not use."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from google.cloud.storage import Bucket

from attune.adapters.firestore import FirestoreDocuments
from attune.domain.names import pair_id
from attune.domain.pair import Pair
from attune.domain.run import Run, RunState
from attune.services.manifests import of_pairs, of_runs, of_sweeps
from attune_local.stack.plan import DATASET_BUCKET, INTAKE_BUCKET
from attune_local.stack.stack import Stack
from attune_local.stack.waiting import wait_until
from gates import OPEN
from rights.grants import Grant
from rights.place import FUNCTIONS, Guarded, guarded_stack
from rights.roles import PREDEFINED
from service.theatre import wav

# Half a minute: a stack of its own, each function behind proxies.
pytestmark = [pytest.mark.emulators, pytest.mark.thorough, pytest.mark.timeout(150)]
LIMIT = 45.0
T = TypeVar("T")
DATASET, PAIRS = "guarded", 4

_OF_THE_DATABASE = "comes with roles/datastore.user, the narrowest of Google's roles that writes documents"
_OF_THE_ACCOUNT = "comes with roles/iam.serviceAccountUser, and reads the one account that it is granted on"
KEPT: dict[tuple[str, str], str] = {
    **{
        (function, permission): _OF_THE_DATABASE
        for function in FUNCTIONS
        for permission in PREDEFINED["roles/datastore.user"]
        if not permission.startswith("datastore.entities.") or permission.endswith(".allocateIds")
    },
    ("erase", "datastore.entities.list"): _OF_THE_DATABASE,
    ("ingest", "storage.objects.list"): "tells it that a file is gone by the time it looks",
    ("launch", "iam.serviceAccounts.actAs"): "is asked of who creates a job under an account of ours; no call names it",
    ("launch", "iam.serviceAccounts.get"): _OF_THE_ACCOUNT,
    ("launch", "iam.serviceAccounts.list"): _OF_THE_ACCOUNT,
    ("launch", "storage.objects.list"): "tells it that what it read or deleted is gone, after a crash",
}
"""What nothing asks for on this way: whose it is, and why he keeps it."""


@pytest.fixture(scope="module")
def guarded(emulators_installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:  # noqa: ARG001 - skips, and gives nothing
    with guarded_stack(tmp_path_factory.mktemp("guarded")) as stack:
        yield stack


@pytest.fixture(scope="module")
def travelled(guarded: Guarded) -> Guarded:
    """Pairs in, a run, its job, its evaluation, the promotion, the reports, a deletion and the pass over the bucket."""
    stack = guarded.stack
    settings = {"threshold": PAIRS, "validation_fraction": 0.5, "gate": OPEN, "guard": {"hours": 1, "checks": 1}}
    stack.firestore_client().document("datasets", DATASET).set(settings)
    intake = stack.storage_client().bucket(INTAKE_BUCKET)
    for seed in range(PAIRS):
        _drop(intake, str(seed), seed)
    run = _until(guarded, lambda: _promoted(stack), "the run to be promoted")
    _drop(intake, "1", 1)  # the same again: its row is there
    reports = stack.storage_client().bucket(DATASET_BUCKET)
    _until(guarded, lambda: reports.blob(f"reports/{DATASET}/report.html").exists(), "the report")
    _until(guarded, lambda: reports.blob(f"reports/{DATASET}/runs/{run.id}.html").exists(), "the run's report")
    intake.blob(f"{DATASET}/0.txt").delete()
    _until(guarded, lambda: _is_forgotten(_pair(stack, "0")), "what was made of a deleted file to be forgotten")
    _until(guarded, lambda: _has_written(guarded, "erase"), "erase to write that it is gone")
    stack.processes["ingest"].kill()
    _drop(intake, "late", PAIRS)
    stack.firestore_client().document(*of_sweeps.sweep().path).delete()
    _until(guarded, lambda: _pair(stack, "late"), "the pass over the bucket to find what no event told of")
    stack.restart("ingest")
    stack.firestore_client().document("datasets", DATASET).update({"threshold": 1})
    _until(guarded, lambda: _promoted(stack, 2), "the watch to open a run for it, to its end")
    return guarded


def test_nothing_that_a_function_needs_is_denied_it(travelled: Guarded) -> None:
    assert sorted({str(refusal) for refusal in travelled.guard.refusals}) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_granted_to_a_function_that_it_does_not_use(travelled: Guarded, function: str) -> None:
    idle = {_told(grant) for grant in travelled.guard.idle(function) if (function, grant.permission) not in KEPT}
    assert sorted(idle) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_what_is_kept_though_nothing_asks_for_it_is_held_and_not_asked_for(travelled: Guarded, function: str) -> None:
    idle = {grant.permission for grant in travelled.guard.idle(function)}
    assert sorted({permission for name, permission in KEPT if name == function} - idle) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_guard_stood_between_each_function_and_its_services(travelled: Guarded, function: str) -> None:
    assert any(grant.permission.startswith("datastore.") for grant in travelled.guard.used[function])


def _until(guarded: Guarded, outcome: Callable[[], T | None], what: str) -> T:
    """Waits no longer when somebody was refused something."""

    def looked() -> T | None:
        assert [str(refusal) for refusal in guarded.guard.refusals] == []
        return outcome()

    found = wait_until(looked, LIMIT, what)
    assert found is not None
    return found


def _drop(intake: Bucket, name: str, seed: int) -> None:
    intake.blob(f"{DATASET}/{name}.wav").upload_from_string(wav(seed=seed))
    intake.blob(f"{DATASET}/{name}.txt").upload_from_string(f"it says number {seed}")


def _told(grant: Grant) -> str:
    return f"{grant.permission} on {grant.on} by {grant.role}" + (f" if {grant.condition}" if grant.condition else "")


def _runs(stack: Stack) -> list[Run]:
    return [each.value for each in FirestoreDocuments(stack.firestore_client()).find(of_runs.newest_runs(DATASET))]


def _promoted(stack: Stack, number: int = 1) -> Run | None:
    return next((run for run in _runs(stack) if run.number == number and run.state is RunState.PROMOTED), None)


def _pair(stack: Stack, path: str) -> Pair | None:
    key = of_pairs.pair(DATASET, pair_id(DATASET, path))
    found = FirestoreDocuments(stack.firestore_client()).get(key)
    return found.value if found else None


def _has_written(guarded: Guarded, function: str) -> bool:
    return any(grant.permission == "datastore.entities.create" for grant in guarded.guard.used.get(function, set()))


def _is_forgotten(pair: Pair | None) -> bool:
    return bool(pair and pair.erased and not pair.to_forget)
