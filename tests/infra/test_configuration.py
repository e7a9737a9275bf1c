"""The configuration is formatted, valid, applied at once, and then there is nothing left to do."""

import re
from pathlib import Path
from typing import Any

from infra.workplace import ROOT, Workplace, archives, resources, workplace

NOWHERE = "/nowhere"


def test_it_is_formatted(place: Workplace) -> None:
    assert place.run("fmt", "-check", "-recursive", "-diff").said == ""


def test_it_is_valid(place: Workplace) -> None:
    place.run("validate", "-no-color")


def test_its_own_tests_pass(place: Workplace) -> None:
    said = place.run("test", "-no-color").said
    assert re.search(r"Success! [1-9]\d* passed, 0 failed", said), said


def test_a_second_plan_has_nothing_to_do(place: Workplace, applied: dict[str, Any]) -> None:
    assert len(list(resources(applied))) > 100
    assert not place.has_changes()


def test_a_changed_number_is_a_change(place: Workplace, applied: dict[str, Any]) -> None:
    assert applied
    assert place.has_changes(max_concurrent_jobs=2)


def test_it_is_applied_without_the_program_too(tmp_path: Path) -> None:
    place = workplace(ROOT / "infra", tmp_path, path=NOWHERE)
    archives(tmp_path / "build")
    place.init()
    place.run("validate", "-no-color")
    assert place.apply()
    assert not place.has_changes()
