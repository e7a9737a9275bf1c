"""What an application is told of an alias: how old it may be, what holds in an outage, and what is refused."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event
from typing import Any

import pytest

from attune.alias import Resolver, Served, UnknownAliasError
from attune.domain import alias as aliases
from attune.domain.recipe import Promotion, Recipe, Scope
from attune.domain.row import RowFormat
from attune.domain.run import Run, opened
from attune.domain.task import Kind, Task
from attune.errors import DamagedError, UnavailableError
from attune.ports import Create, Delete, Key, Replace, Versioned
from attune.services.manifests import of_aliases, of_runs
from attune_local.twins.documents import MemoryDocuments

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
ENDPOINTS = "projects/p/locations/europe-west4/endpoints"
RECIPE = Recipe(
    base_model="gemini-2.5-flash",
    row_format=RowFormat.FILE_URI,
    prompt="Write down what is said.",
    system_instruction="You are a clerk.",
    epochs=None,
    learning_rate_multiplier=None,
    adapter_size=None,
    scope=Scope.ALL,
    alias="production",
    promotion=Promotion.AUTO,
    tasks=(Task("mood", Kind.CLASSIFICATION, "How does the caller feel?"),),
)


@dataclass
class Store(MemoryDocuments):
    """Documents that can be out of reach, and that count how often each is read."""

    reads: Counter[str] = field(default_factory=Counter)
    away: bool = False
    held: Event | None = None

    def get(self, key: Key[Any]) -> Versioned[Any] | None:
        self.reads[key.path[0]] += 1
        if self.held is not None:
            assert self.held.wait(10)
        if self.away:
            raise UnavailableError("Firestore did not answer a read (ServiceUnavailable)")
        return super().get(key)


@dataclass
class Scene:
    """A store, a clock, and a resolver between them."""

    store: Store = field(default_factory=Store)
    seconds: float = 1000.0
    resolver: Resolver = field(init=False)

    def __post_init__(self) -> None:
        self.resolver = Resolver(self.store, "the test's database", self.now, lambda: self.seconds)

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def promote(self, number: int, name: str = "production", recipe: Recipe = RECIPE) -> None:
        """What the watch writes when a run has passed."""
        run: Run = replace(opened("calls", number, 100, START), recipe=recipe)
        served = aliases.Served("calls", run.id, number, START, f"{ENDPOINTS}/{number}", f"models/{number}")
        key = of_aliases.alias(name)
        stands = MemoryDocuments.get(self.store, key)
        self.store.commit(
            Create(of_runs.run("calls", number), run),
            Replace(stands, stands.value.moved_to(served, START))
            if stands
            else Create(key, aliases.first(name, served, START)),
        )

    def resolve(self, alias: str = "production", **limits: timedelta) -> Served:
        return self.resolver.resolve(alias, **limits)


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.promote(1)
    return made


def test_an_alias_resolves_to_its_endpoint_and_to_how_the_model_was_trained_to_be_asked(scene: Scene) -> None:
    assert scene.resolve() == Served(
        alias="production",
        endpoint=f"{ENDPOINTS}/1",
        model="models/1",
        dataset="calls",
        run="r000001",
        serial=1,
        prompt="Write down what is said.",
        system_instruction="You are a clerk.",
        task_prompts={"mood": "How does the caller feel?"},
        row_format="file_uri",
        resolved_at=scene.now(),
    )
    assert scene.resolve().location == "europe-west4"


def test_within_its_staleness_an_answer_costs_no_read(scene: Scene) -> None:
    first = scene.resolve()
    scene.promote(2)
    scene.seconds += 59.9
    assert scene.resolve() is first
    assert scene.store.reads == {"aliases": 1, "datasets": 1}


def test_an_answer_is_never_older_than_its_staleness(scene: Scene) -> None:
    scene.resolve()
    scene.promote(2)
    scene.seconds += 60
    assert (scene.resolve().run, scene.resolve().serial) == ("r000002", 2)
    assert scene.resolve().resolved_at == scene.now()


def test_each_caller_says_how_old_an_answer_may_be(scene: Scene) -> None:
    scene.resolve()
    scene.promote(2)
    scene.seconds += 10
    assert scene.resolve(staleness=timedelta(seconds=11)).run == "r000001"
    assert scene.resolve(staleness=timedelta(seconds=10)).run == "r000002"


def test_while_the_alias_does_not_move_only_its_own_document_is_read_again(scene: Scene) -> None:
    for _ in range(5):
        assert scene.resolve().resolved_at == scene.now()
        scene.seconds += 60
    assert scene.store.reads == {"aliases": 5, "datasets": 1}


def test_while_firestore_is_away_the_last_answer_holds_and_the_log_says_so(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    first = scene.resolve()
    scene.store.away = True
    scene.seconds += 3599
    with caplog.at_level(logging.WARNING, "attune.alias"):
        assert scene.resolve() is first
    assert len(caplog.records) == 1
    assert "Firestore did not answer" in caplog.text
    assert "production is what it was at" in caplog.text


def test_an_answer_that_is_too_old_for_an_outage_is_not_given(scene: Scene) -> None:
    scene.resolve()
    scene.store.away = True
    scene.seconds += 3600
    with pytest.raises(UnavailableError, match="did not answer"):
        scene.resolve()


def test_who_would_rather_have_an_error_than_an_old_answer_gets_one(scene: Scene) -> None:
    scene.resolve()
    scene.store.away = True
    scene.seconds += 60
    with pytest.raises(UnavailableError):
        scene.resolve(outage=timedelta(0))


def test_without_an_answer_to_fall_back_on_an_outage_is_an_error(scene: Scene) -> None:
    scene.store.away = True
    with pytest.raises(UnavailableError):
        scene.resolve()


def test_a_service_that_is_away_is_not_asked_at_every_call(scene: Scene) -> None:
    scene.resolve()
    scene.store.away = True
    scene.seconds += 60
    scene.store.reads.clear()
    for _ in range(10):
        scene.resolve()
    assert scene.store.reads["aliases"] == 1
    scene.seconds += 5
    scene.resolve()
    assert scene.store.reads["aliases"] == 2


def test_when_firestore_is_back_so_is_the_truth(scene: Scene) -> None:
    scene.resolve()
    scene.promote(2)
    scene.store.away = True
    scene.seconds += 60
    assert scene.resolve().run == "r000001"
    scene.store.away = False
    scene.seconds += 5
    assert scene.resolve().run == "r000002"


@pytest.mark.parametrize("unknown", ["prod", "", "production/history"])
def test_an_unknown_alias_is_refused_with_those_that_there_are(scene: Scene, unknown: str) -> None:
    scene.promote(2, name="staging")
    with pytest.raises(UnknownAliasError, match="the test's database; there are 'production', 'staging'"):
        scene.resolve(unknown)


def test_before_the_first_promotion_the_error_says_how_an_alias_comes_to_be() -> None:
    with pytest.raises(UnknownAliasError, match="the first run that is promoted makes one"):
        Scene().resolve()


def test_an_alias_that_comes_to_be_is_found_at_the_next_call() -> None:
    scene = Scene()
    with pytest.raises(UnknownAliasError):
        scene.resolve()
    scene.promote(1)
    assert scene.resolve().run == "r000001"


def test_an_alias_that_was_deleted_is_unknown_and_no_outage(scene: Scene) -> None:
    scene.resolve()
    scene.store.commit(Delete(of_aliases.alias("production")))
    scene.seconds += 60
    with pytest.raises(UnknownAliasError):
        scene.resolve()


def test_an_alias_that_was_made_anew_is_not_mistaken_for_the_old_one(scene: Scene) -> None:
    scene.resolve()
    scene.store.commit(Delete(of_aliases.alias("production")))
    scene.promote(2, recipe=replace(RECIPE, prompt="Another."))
    scene.seconds += 60
    served = scene.resolve()
    assert (served.serial, served.run, served.prompt) == (1, "r000002", "Another.")


def test_an_alias_whose_run_has_no_document_is_refused_by_name(scene: Scene) -> None:
    scene.store.commit(Delete(of_runs.run("calls", 1)))
    with pytest.raises(DamagedError, match="run r000001 of calls has no document"):
        scene.resolve()


def test_threads_that_ask_at_once_make_one_read_and_get_one_answer(scene: Scene) -> None:
    scene.store.held = Event()
    together = Barrier(9)

    def ask() -> Served:
        together.wait(10)
        return scene.resolve()

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask) for _ in range(8)]
        together.wait(10)
        scene.store.held.set()
        served = {id(answer.result(10)) for answer in answers}
    assert len(served) == 1
    assert scene.store.reads == {"aliases": 1, "datasets": 1}


def test_importing_it_imports_no_client() -> None:
    heavy = {"google.cloud.firestore", "grpc", "pydantic"}
    code = f"import sys, attune.alias; print({heavy} & set(sys.modules) or 'none of them')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "none of them\n"
