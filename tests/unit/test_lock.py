"""The committed requirements satisfy pyproject.toml, and a check says so without a network."""

from pathlib import Path

import pytest

from attune_local.lock import ROOT, check, main

HASH, OTHER = f"--hash=sha256:{'0a' * 32}", f"--hash=sha256:{'1b' * 32}"
PYPROJECT = """
[dependency-groups]
edge = ["orjson>=3.11", "google_Thing[grpc]>=2,<3"]
ingest = [{ include-group = "edge" }, "av>=16"]
launch = [{ include-group = "edge" }]
erase = [{ include-group = "edge" }]
watch = [{ include-group = "edge" }]
dev = [{ include-group = "ingest" }, "ruff>=0.14"]
"""
EDGE = f"google-thing==2.4 \\\n    {HASH} \\\n    {OTHER}\norjson==3.13.0 \\\n    {HASH}\n"
AV = (
    f"av==18.1.0 ; python_full_version < '3.12' \\\n    {HASH}\n"
    f"av==19.0 ; python_full_version >= '3.12' \\\n    {HASH}\n"
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A repository in order."""
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements-dev.txt").write_text(f"{AV}{EDGE}ruff==0.17.6 \\\n    {HASH}\n")
    for name, text in (("ingest", AV + EDGE), ("erase", EDGE), ("launch", EDGE), ("watch", EDGE)):
        (tmp_path / "functions" / name).mkdir(parents=True)
        (tmp_path / "functions" / name / "requirements.txt").write_text(text)
    return tmp_path


def test_the_projects_own_requirements_are_in_order() -> None:
    assert check(ROOT) == []


def test_files_in_order_pass(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check", "--root", str(root)]) == 0
    assert capsys.readouterr().out == "The requirements are in order.\n"


def test_a_requirement_that_is_not_pinned_is_named_through_included_groups(root: Path) -> None:
    _replace(root, "functions/watch/requirements.txt", f"orjson==3.13.0 \\\n    {HASH}\n", "")
    assert check(root) == [
        "functions/watch/requirements.txt: pyproject.toml asks for orjson>=3.11, which is not pinned."
    ]


def test_a_pin_outside_its_range_is_named(root: Path) -> None:
    _replace(root, "pyproject.toml", "ruff>=0.14", "ruff>=0.18")
    assert check(root) == ["requirements-dev.txt: pyproject.toml asks for ruff>=0.18, but 0.17.6 is pinned."]


def test_a_pin_without_a_hash_is_named(root: Path) -> None:
    _replace(root, "functions/launch/requirements.txt", f"orjson==3.13.0 \\\n    {HASH}", "orjson==3.13.0")
    assert "functions/launch/requirements.txt: orjson 3.13.0 has no hash." in check(root)


def test_a_functions_pin_that_is_not_the_dev_pin_is_named(root: Path) -> None:
    _replace(root, "functions/ingest/requirements.txt", "orjson==3.13.0", "orjson==3.12.0")
    assert check(root) == [
        "functions/ingest/requirements.txt: orjson 3.12.0 is not the version in requirements-dev.txt."
    ]


def test_other_hashes_for_the_same_version_are_named(root: Path) -> None:
    _replace(root, "functions/watch/requirements.txt", OTHER, "")
    (found,) = check(root)
    assert "google-thing 2.4 has other hashes" in found


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://mirror.example/simple",
        "--find-links ./wheels",
        "orjson @ https://mirror.example/orjson.whl",
        "-e ./shared",
        "./wheels/orjson.whl",
        "orjson>=3",
        "# from https://mirror.example",
    ],
)
def test_anything_but_pins_is_named(root: Path, line: str) -> None:
    path = root / "requirements-dev.txt"
    path.write_text(f"{line}\n{path.read_text()}")
    (found,) = check(root)
    assert "is not a pinned version with its hashes and nothing else" in found


def test_a_missing_file_is_named_and_the_check_fails(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root / "functions/launch/requirements.txt").unlink()
    assert main(["--check", "--root", str(root)]) == 1
    assert "functions/launch/requirements.txt is missing." in capsys.readouterr().out


def _replace(root: Path, file: str, old: str, new: str) -> None:
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new))
