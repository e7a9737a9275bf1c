"""The protections that are worth a test have one that fails without them."""

from pathlib import Path

import pytest

from mutations.catalogue import MUTATIONS, Mutation
from mutations.trial import ROOT, TrialError, check, trials


def named(mutation: Mutation) -> str:
    return mutation.name


@pytest.mark.parametrize("mutation", MUTATIONS, ids=named)
def test_what_a_mutation_takes_away_stands_exactly_once(mutation: Mutation) -> None:
    assert mutation.text in check(mutation)
    assert mutation.replacement != mutation.text


@pytest.mark.parametrize("mutation", MUTATIONS, ids=named)
def test_a_mutation_is_still_python_and_its_tests_are_there(mutation: Mutation) -> None:
    compile(check(mutation).replace(mutation.text, mutation.replacement), mutation.file, "exec")
    for test in mutation.tests:
        file, _, name = test.partition("::")
        assert f"def {name}" in (ROOT / file).read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["", "twice", "twice twice"])
def test_a_text_that_does_not_stand_exactly_once_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text(text)
    mutation = Mutation("none", "file.py", "twice" if text != "twice" else "once", "never", ())
    with pytest.raises(TrialError, match=r"stands [02] times"):
        check(mutation, tmp_path)


@pytest.mark.thorough
@pytest.mark.timeout(1800)
def test_every_mutation_is_caught() -> None:
    survivors = [found.mutation.name for found in trials(MUTATIONS) if not found.caught_by]
    assert survivors == []


@pytest.mark.thorough
@pytest.mark.timeout(300)
def test_a_mutation_that_changes_nothing_survives() -> None:
    first = MUTATIONS[0]
    harmless = Mutation("a comment", first.file, first.text, f"{first.text}  # as it was", first.tests)
    (found,) = trials([harmless])
    assert found.caught_by == ()
