"""`attune evaluate` against the served stand-in and Firestore's emulator."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from attune.cli.app import app
from attune_local.corpus import make_corpus
from attune_local.stack.stack import Stack
from attune_local.vertex.answers import Memorised, Memory, ModelKind
from attune_local.vertex.content import Text
from attune_local.vertex.engine import Engine
from attune_local.vertex.media import Sound
from attune_local.vertex.mischief import Method
from attune_local.vertex.objects import MemoryObjects
from attune_local.vertex.server import serving
from folders import good
from integration.test_schedules_on_emulators import EmulatedStage
from service.scenes import fill

BASE = "gemini-2.5-flash"


@dataclass
class Disturbing:
    """Answers by heart; while its second answer is under way, somebody presses Ctrl-C."""

    asked: int = 0

    def answer(self, kind: ModelKind, memory: Memory, asked: Sequence[Text | Sound]) -> str:
        self.asked += 1
        if self.asked == 2:
            os.kill(os.getpid(), signal.SIGINT)
        return Memorised().answer(kind, memory, asked)


@contextmanager
def service() -> Iterator[tuple[Engine, dict[str, str]]]:
    """The stand-in, and the variables by which a command reaches it."""
    engine = Engine(MemoryObjects({}), listener=Disturbing())
    with serving(engine) as address:
        yield engine, {"ATTUNE_VERTEX_ENDPOINT": address, "ATTUNE_PROJECT": "demo"}


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """As in a terminal, whatever started the tests."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def answers_of(engine: Engine) -> int:
    return engine.calls().get(Method.GENERATE_CONTENT, 0)


@pytest.mark.thorough  # it waits for real answers, and test_evaluate_folder has the same without a process
def test_a_command_that_was_interrupted_goes_on_and_asks_nothing_twice(tmp_path: Path) -> None:
    make_corpus(tmp_path / "set", 4, seed=7)
    arguments = ("evaluate", str(tmp_path / "set"), "pocketsphinx", "--against", BASE, "--json", "--at-once", "2")
    with service() as (engine, variables):
        runner = CliRunner(env={**variables, "XDG_CACHE_HOME": str(tmp_path / "cache")})
        with heeding_ctrl_c():
            broken = runner.invoke(app, arguments)
        assert broken.exit_code == 130, broken.output
        assert broken.stderr == "Broken off: what was answered is kept, and the same command goes on with the rest.\n"
        assert 2 <= answers_of(engine) <= 3
        done = runner.invoke(app, arguments)
        assert done.exit_code in {0, 1}, done.output
        assert answers_of(engine) == 4
        told = json.loads(done.stdout)
        recogniser, base = told["contenders"]
        assert recogniser["rates"]["wer"] < base["rates"]["wer"]
        assert done.exit_code == (0 if told["better"] else 1)
        again = runner.invoke(app, arguments)
        assert json.loads(again.stdout)["contenders"] == told["contenders"]
        assert answers_of(engine) == 4


def test_who_is_not_there_ends_it_with_a_sentence(tmp_path: Path) -> None:
    with service() as (_, variables):
        gone = "projects/demo/locations/us-central1/endpoints/1"
        arguments = ("evaluate", str(good(tmp_path / "set", 1)), BASE, "--against", gone)
        done = CliRunner(env={**variables, "XDG_CACHE_HOME": str(tmp_path)}).invoke(app, arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith(f"{gone} does not answer: ")


@pytest.mark.emulators
def test_what_an_alias_stands_for_is_asked_as_it_was_trained(stack: Stack, tmp_path: Path) -> None:
    stage = EmulatedStage(stack=stack)
    stage.write_settings(threshold=2, validation_fraction=0, prompt="Write it down.", row_format="inline_data")
    fill(stage, 2, "first")
    stage.launch()
    stage.settle()
    with serving(stage.engine) as address:
        variables = {
            "FIRESTORE_EMULATOR_HOST": stack.address("firestore"),
            "ATTUNE_PROJECT": stage.name,
            "ATTUNE_VERTEX_ENDPOINT": address,
            "XDG_CACHE_HOME": str(tmp_path),
        }
        arguments = ("evaluate", str(good(tmp_path / "set", 2)), "alias:d", "--against", BASE, "--json")
        done = CliRunner(env=variables).invoke(app, arguments)
        assert done.exit_code in {0, 1}, done.output
        data = json.loads(done.stdout)
        assert (data["prompt"], data["row_format"], data["examples"]) == ("Write it down.", "inline_data", 2)
        first, base = data["contenders"]
        assert (first["name"], first["run"], first["target"]) == ("alias:d", "r000001", stage.runs()[0].endpoint)
        assert base["score"]["cost_usd"] > 0
        unknown = CliRunner(env=variables).invoke(app, ("evaluate", str(tmp_path / "set"), "alias:other"))
        assert (unknown.exit_code, "there is no alias 'other'" in unknown.stderr) == (2, True)
