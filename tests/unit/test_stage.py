"""A staged function is its door, its requirements and a real copy of the package, and nothing else."""

from pathlib import Path

import pytest

from attune_local.stage import StageError, digest, main, stage


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository with two functions and a package with what must not be shipped."""
    for name in ("ingest", "watch"):
        _write(tmp_path / "functions" / name / "main.py", f"# the door {name}\n")
        _write(tmp_path / "functions" / name / "requirements.txt", "orjson==3.13.0\n")
    _write(tmp_path / "shared/attune/__init__.py", "")
    _write(tmp_path / "shared/attune/domain/pair.py", "PAIR = 1\n")
    _write(tmp_path / "shared/attune/py.typed", "")
    _write(tmp_path / "shared/attune/domain/__pycache__/pair.cpython-311.pyc", "bytes")
    _write(tmp_path / "shared/attune/left.pyc", "bytes")
    _write(tmp_path / "shared/attune/tests/test_pair.py", "")
    _write(tmp_path / "shared/attune_local/__init__.py", "")
    return tmp_path


def test_a_function_is_staged_with_its_door_its_requirements_and_the_package(root: Path) -> None:
    (folder,) = stage(root, ["ingest"], root / "build")
    assert folder == root / "build/ingest"
    assert _names(folder) == [
        "attune/__init__.py",
        "attune/domain/pair.py",
        "attune/py.typed",
        "main.py",
        "requirements.txt",
    ]
    assert (folder / "main.py").read_text() == "# the door ingest\n"


def test_folders_come_back_in_the_order_that_was_asked(root: Path) -> None:
    assert [each.name for each in stage(root, ["watch", "ingest"], root / "build")] == ["watch", "ingest"]


def test_the_same_sources_give_the_same_digest_wherever_they_are_staged(root: Path) -> None:
    (here,) = stage(root, ["ingest"], root / "build")
    (there,) = stage(root, ["ingest"], root / "elsewhere")
    assert digest(here) == digest(there)


def test_the_digest_tells_a_moved_byte_from_a_moved_name(tmp_path: Path) -> None:
    _write(tmp_path / "one/ab", "c")
    _write(tmp_path / "two/a", "bc")
    _write(tmp_path / "three/ab", "d")
    assert len({digest(tmp_path / name) for name in ("one", "two", "three")}) == 3


def test_a_changed_module_changes_the_digest(root: Path) -> None:
    before = digest(*stage(root, ["ingest"], root / "build"))
    _write(root / "shared/attune/domain/pair.py", "PAIR = 2\n")
    assert digest(*stage(root, ["ingest"], root / "build")) != before


def test_only_what_changed_is_written_again(root: Path) -> None:
    (folder,) = stage(root, ["ingest"], root / "build")
    before = {name: (folder / name).stat().st_mtime_ns for name in _names(folder)}
    _write(root / "functions/ingest/main.py", "# another door\n")
    stage(root, ["ingest"], root / "build")
    after = {name: (folder / name).stat().st_mtime_ns for name in _names(folder)}
    assert {name for name in after if after[name] != before[name]} == {"main.py"}


def test_what_is_stale_is_removed(root: Path) -> None:
    (folder,) = stage(root, ["ingest"], root / "build")
    wanted = _names(folder)
    _write(folder / "attune/gone.py", "")
    _write(folder / "attune/old/module.py", "")
    _write(folder / "attune/__pycache__/pair.pyc", "")
    _write(folder / "notes.txt", "")
    stage(root, ["ingest"], root / "build")
    assert _names(folder) == wanted
    assert not (folder / "attune/old").exists()


def test_a_link_in_the_build_is_replaced_by_a_real_copy(root: Path) -> None:
    (folder,) = stage(root, ["ingest"], root / "build")
    (folder / "main.py").unlink()
    (folder / "main.py").symlink_to(root / "functions/ingest/main.py")
    stage(root, ["ingest"], root / "build")
    assert not (folder / "main.py").is_symlink()


def test_a_file_where_a_folder_belongs_makes_way_and_the_other_way_round(root: Path) -> None:
    _write(root / "build/ingest/attune", "a file")
    _write(root / "build/ingest/main.py/inner", "a folder")
    (folder,) = stage(root, ["ingest"], root / "build")
    assert "attune/domain/pair.py" in _names(folder)
    assert (folder / "main.py").is_file()


def test_a_link_in_the_package_is_refused(root: Path) -> None:
    (root / "shared/attune/linked").symlink_to(root / "functions")
    with pytest.raises(StageError, match="symbolic link"):
        stage(root, ["ingest"], root / "build")


def test_a_function_without_its_door_is_named(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "functions/watch/main.py").unlink()
    assert main(["watch", "--root", str(root)]) == 1
    assert "watch has no main.py" in capsys.readouterr().err


def test_each_functions_digest_is_printed(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ingest", "watch", "--root", str(root)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [f"{name}  {digest(root / 'build' / name)}" for name in ("ingest", "watch")]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
