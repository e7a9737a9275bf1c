"""An archive's hash says what is in it: Terraform deploys a function when it has changed, and no other."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from attune_local.stage import stage
from infra.workplace import FUNCTIONS, PROJECT, ROOT, Workplace, pack, resources, workplace


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """What is staged, to be changed."""
    for part in ("functions", "shared/attune"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_same_sources_make_the_same_archives(repository: Path) -> None:
    before = _packed(repository, "build")
    assert set(before) == set(FUNCTIONS)
    assert _packed(repository, "build") == before
    assert _packed(repository, "elsewhere") == before


def test_a_changed_line_in_a_door_changes_that_functions_archive_and_no_other(repository: Path) -> None:
    before = _packed(repository, "build")
    door = repository / "functions/launch/main.py"
    door.write_text(door.read_text() + "# one more line\n")
    assert _differences(before, _packed(repository, "build")) == {"launch"}


def test_a_changed_line_in_the_package_changes_every_archive(repository: Path) -> None:
    before = _packed(repository, "build")
    module = repository / "shared/attune/errors.py"
    module.write_text(module.read_text() + "# one more line\n")
    assert _differences(before, _packed(repository, "build")) == set(FUNCTIONS)


def test_an_archive_that_is_right_is_not_written_again(repository: Path) -> None:
    _packed(repository, "build")
    before = (repository / "build/watch.zip").stat().st_mtime_ns
    _packed(repository, "build")
    assert (repository / "build/watch.zip").stat().st_mtime_ns == before


def test_compiled_modules_stay_out(repository: Path) -> None:
    before = _packed(repository, "build")
    (repository / "build/launch/attune/__pycache__").mkdir()
    (repository / "build/launch/attune/__pycache__/errors.pyc").write_bytes(b"compiled")
    assert pack(repository / "build") == before


def test_the_uploaded_object_is_named_by_its_archives_hash(place: Workplace, planned: dict[str, Any]) -> None:
    hashes = pack(place.folder.parent / "build")
    objects = {each["values"]["name"] for each in resources(planned, "google_storage_bucket_object")}
    assert objects == {f"attune-{name}-{digest}.zip" for name, digest in hashes.items()}


def test_a_plan_without_archives_says_what_to_do(tmp_path: Path) -> None:
    place = workplace(ROOT / "infra", tmp_path)
    place.init()
    answer = place.run("plan", "-input=false", "-no-color", f"-var=project_id={PROJECT}", check=False)
    assert answer.code == 1
    assert "run `make stage` first" in answer.complained


def _packed(repository: Path, into: str) -> dict[str, str]:
    stage(repository, FUNCTIONS, repository / into)
    return pack(repository / into)


def _differences(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in before if before[name] != after[name]}
