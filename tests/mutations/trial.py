"""Try a mutation in a copy of the tree: its tests must pass without it, and at least one must fail with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from mutations.catalogue import Mutation

ROOT = Path(__file__).resolve().parents[2]
_COPIED = ("shared", "tests", "functions", "pyproject.toml")
_SECONDS = 600
_SECONDS_A_TEST = 20
_ENOUGH = 3
_PASSED, _FAILED = 0, 1  # what pytest ends with; all else means that no test was run to its end


class TrialError(Exception):
    """A mutation cannot be tried: the tree, or the catalogue, is not what it should be."""


@dataclass(frozen=True, slots=True)
class Found:
    """The tests that failed with a mutation: they have caught it."""

    mutation: Mutation
    caught_by: tuple[str, ...]


def check(mutation: Mutation, root: Path = ROOT) -> str:
    """The file's text, in which what is mutated stands exactly once.

    Raises:
        TrialError: it does not.
    """
    text = (root / mutation.file).read_text(encoding="utf-8")
    found = text.count(mutation.text)
    if found != 1:
        raise TrialError(f"{mutation.name}: its text stands {found} times in {mutation.file}, not once")
    return text


def trials(mutations: Iterable[Mutation]) -> Iterator[Found]:
    """Each mutation with the tests that caught it, in a copy of the tree that is thrown away afterwards.

    Raises:
        TrialError: a text does not stand exactly once, or the tests do not pass without any mutation.
    """
    wanted = list(mutations)
    for mutation in wanted:
        check(mutation)
    with _copy() as copy:
        everything = sorted({test for mutation in wanted for test in mutation.tests})
        if failed := _run(copy, everything):
            raise TrialError(f"without any mutation, these fail: {', '.join(failed)}")
        for mutation in wanted:
            with _mutated(copy, mutation):
                yield Found(mutation, _run(copy, mutation.tests))


@contextmanager
def _copy() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="mutations-") as folder:
        copy = Path(folder)
        for name in _COPIED:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(ROOT / name, copy / name)
        _check_that_it_is_tried(copy)
        yield copy


def _check_that_it_is_tried(copy: Path) -> None:
    """A test of the installed package would see no mutation."""
    where = "import attune, attune_local; print(attune.__file__); print(attune_local.__file__)"
    done = _python(copy, "-c", where)
    if not all(Path(line).is_relative_to(copy) for line in done.stdout.splitlines()):
        raise TrialError(f"the tests would try {done.stdout} and not the copy in {copy}")


@contextmanager
def _mutated(copy: Path, mutation: Mutation) -> Iterator[None]:
    file, text = copy / mutation.file, check(mutation, copy)
    file.write_text(text.replace(mutation.text, mutation.replacement), encoding="utf-8")
    try:
        yield
    finally:
        file.write_text(text, encoding="utf-8")


def _run(copy: Path, tests: Iterable[str]) -> tuple[str, ...]:
    """The names of the tests that failed."""
    report = copy / "report.xml"
    # What needs the emulators is left out: these tests have to be fast, and to run everywhere.
    options = ["-q", "-p", "no:cacheprovider", "-m", "not thorough", "-k", "not emulator", f"--junit-xml={report}"]
    # A mutation may make for a loop without an end, in many a test: then a few are enough.
    options += [f"--timeout={_SECONDS_A_TEST}", f"--maxfail={_ENOUGH}"]
    done = _python(copy, "-m", "pytest", *options, *tests)
    if done.returncode not in (_PASSED, _FAILED):
        raise TrialError(f"pytest ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return tuple(dict.fromkeys(_failures(ET.parse(report).getroot())))  # noqa: S314 - pytest has just written it


def _failures(report: ET.Element) -> Iterator[str]:
    for case in report.iter("testcase"):
        if case.find("failure") is not None:
            yield case.attrib["name"].partition("[")[0]
        elif (broken := case.find("error")) is not None:
            raise TrialError(f"{case.attrib['name']} could not be run: {broken.attrib.get('message')}")


def _python(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "THOROUGH"))}
    paths = os.pathsep.join(str(copy / name) for name in ("shared", "tests"))
    environment |= {"PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
