"""An application's process resolves an alias in Firestore, with nothing set but what Google's clients look at."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from attune.adapters.firestore import FirestoreDocuments
from attune.domain import alias as aliases
from attune.domain.recipe import Promotion, Recipe, Scope
from attune.domain.row import RowFormat
from attune.domain.run import opened
from attune.ports import Create
from attune.services.manifests import of_aliases, of_runs
from attune_local.stack import plan
from attune_local.stack.stack import Stack

pytestmark = pytest.mark.emulators
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PROMPT = "Schreib auf, was du hörst."
ASK = """
import sys
from attune.alias import resolve
alias, project = sys.argv[1], sys.argv[2] or None
served = resolve(alias, project=project)
print(served.endpoint, served.run, served.prompt, served is resolve(alias, project=project), sep="|")
"""


def ask(stack: Stack, alias: str, project: str = "", **variables: str) -> subprocess.CompletedProcess[str]:
    """What an application does that has these variables, and none of attune's own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ATTUNE_", "GOOGLE_"))}
    environment = kept | {"FIRESTORE_EMULATOR_HOST": stack.address("firestore"), "PYTHONUTF8": "1"} | variables
    command = [sys.executable, "-c", ASK, alias, project]
    return subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)


@pytest.fixture
def promoted(stack: Stack, unique: str) -> str:
    """An alias that stands for a run."""
    recipe = Recipe("m", RowFormat.FILE_URI, PROMPT, None, None, None, None, Scope.ALL, unique, Promotion.AUTO)
    run = replace(opened(unique, 7, 1, NOW), recipe=recipe)
    served = aliases.Served(unique, run.id, 7, NOW, "endpoints/7", "models/7")
    FirestoreDocuments(stack.firestore_client()).commit(
        Create(of_runs.run(unique, 7), run), Create(of_aliases.alias(unique), aliases.first(unique, served, NOW))
    )
    return unique


def test_an_alias_resolves_in_the_project_that_is_named(stack: Stack, promoted: str) -> None:
    done = ask(stack, promoted, plan.PROJECT)
    assert done.stdout == f"endpoints/7|r000007|{PROMPT}|True\n", done.stderr


@pytest.mark.parametrize("variable", ["ATTUNE_PROJECT", "GOOGLE_CLOUD_PROJECT"])
def test_an_alias_resolves_in_the_project_of_the_environment(stack: Stack, promoted: str, variable: str) -> None:
    done = ask(stack, promoted, **{variable: plan.PROJECT})
    assert done.stdout == f"endpoints/7|r000007|{PROMPT}|True\n", done.stderr


def test_an_unknown_alias_is_refused_with_where_it_was_looked_for(stack: Stack, promoted: str) -> None:
    done = ask(stack, f"{promoted}-x", plan.PROJECT)
    assert done.returncode == 1
    said = done.stderr.splitlines()[-1]
    assert f"there is no alias '{promoted}-x' in database (default) of project {plan.PROJECT}; there are '" in said


def test_another_database_has_aliases_of_its_own(stack: Stack, promoted: str) -> None:
    done = ask(stack, promoted, plan.PROJECT, ATTUNE_FIRESTORE_DATABASE="another")
    assert done.returncode == 1
    assert f"in database another of project {plan.PROJECT}; there is none at all" in done.stderr
