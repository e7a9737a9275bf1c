"""Compile the dependency groups of pyproject.toml to pinned, hashed requirements, and check them without a network.

python -m attune_local.lock            compile (add --upgrade for newer versions)
python -m attune_local.lock --check    do the committed files satisfy pyproject.toml?
"""

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import uv
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
DEV = "dev"
DEV_FILE = "requirements-dev.txt"
FUNCTIONS = ("ingest", "erase", "launch", "watch")

_COMPILE = (
    *("pip", "compile", "pyproject.toml", "--quiet", "--generate-hashes", "--universal", "--python-version", "3.11"),
    *("--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"),
)
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(\[[\w,.-]+\])?==(?P<version>[\w.!+]+)"
    r"(?: ; (?P<marker>[\w .'\"<>=!()]+?))?(?P<hashes>(?: --hash=sha256:[0-9a-f]{64})*)"
)


@dataclass(frozen=True, slots=True)
class Pin:
    """One line of a compiled file: a version of a distribution, where it applies, and the archives allowed for it."""

    name: str
    version: Version
    marker: str
    hashes: frozenset[str]


def compile_all(root: Path, *, upgrade: bool) -> None:
    """Compile the dev group, then each function's group under the dev group's versions.

    Versions that are already pinned stay unless `upgrade`. Raises CalledProcessError when the resolver fails.
    """
    _compile(root, DEV, DEV_FILE, *(["--upgrade"] if upgrade else []))
    for function in FUNCTIONS:
        _compile(root, function, function_file(function), "--constraint", DEV_FILE)


def function_file(function: str) -> str:
    """Return where a function's compiled requirements lie, relative to the repository."""
    return f"functions/{function}/requirements.txt"


def check(root: Path) -> list[str]:
    """Return a sentence for each way in which the committed files do not satisfy pyproject.toml; none when all do."""
    groups = tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"]
    texts = {DEV: DEV_FILE} | {function: function_file(function) for function in FUNCTIONS}
    found: list[str] = []
    pins: dict[str, list[Pin]] = {}
    for group, file in texts.items():
        path = root / file
        lines = _logical_lines(path.read_text()) if path.is_file() else []
        found += [] if path.is_file() else [f"{file} is missing."]
        pins[group] = [pin for line in lines if (pin := _parse(line))]
        found += [f"{file}: {_what_is_off(line)}" for line in lines if _what_is_off(line)]
        found += [f"{file}: {each}" for each in _unsatisfied(requirements(groups, group), pins[group])]
    for function in FUNCTIONS:
        found += [f"{function_file(function)}: {each}" for each in _apart(pins[function], pins[DEV])]
    return found


def requirements(groups: Mapping[str, Sequence[str | Mapping[str, str]]], group: str) -> Iterator[Requirement]:
    """Yield what a dependency group asks for, the groups that it includes being followed (PEP 735)."""
    for entry in groups[group]:
        if isinstance(entry, str):
            yield Requirement(entry)
        else:
            yield from requirements(groups, entry["include-group"])


def _compile(root: Path, group: str, file: str, *more: str) -> None:
    command = [uv.find_uv_bin(), *_COMPILE, "--group", group, "--output-file", file, *more]
    subprocess.run(command, cwd=root, check=True)


def _logical_lines(text: str) -> list[str]:
    joined = re.sub(r"[ \t]*\\\n[ \t]*", " ", text)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _parse(line: str) -> Pin | None:
    if not (match := _PIN.fullmatch(line)):
        return None
    return Pin(
        name=canonicalize_name(match["name"]),
        version=Version(match["version"]),
        marker=match["marker"] or "",
        hashes=frozenset(match["hashes"].split()),
    )


def _what_is_off(line: str) -> str:
    pin = _parse(line)
    if pin is None:
        return f"“{line[:60]}” is not a pinned version with its hashes and nothing else."
    return "" if pin.hashes else f"{pin.name} {pin.version} has no hash."


def _unsatisfied(wanted: Iterator[Requirement], pins: Sequence[Pin]) -> Iterator[str]:
    for requirement in wanted:
        versions = [pin.version for pin in pins if pin.name == canonicalize_name(requirement.name)]
        if not versions:
            yield f"pyproject.toml asks for {requirement}, which is not pinned."
        for version in versions:
            if not requirement.specifier.contains(version, prereleases=True):
                yield f"pyproject.toml asks for {requirement}, but {version} is pinned."


def _apart(pins: Sequence[Pin], dev: Sequence[Pin]) -> Iterator[str]:
    known = {(pin.name, pin.version): pin for pin in dev}
    for pin in pins:
        twin = known.get((pin.name, pin.version))
        if twin is None:
            yield f"{pin.name} {pin.version} is not the version in {DEV_FILE}."
        elif twin.hashes != pin.hashes:
            yield f"{pin.name} {pin.version} has other hashes than in {DEV_FILE}."


def main(arguments: list[str] | None = None) -> int:
    """Compile the files, or check them: 0 when they are right, 1 with sentences when not."""
    parser = argparse.ArgumentParser(prog="python -m attune_local.lock", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare with pyproject.toml, without a network")
    parser.add_argument("--upgrade", action="store_true", help="take the newest versions that are allowed")
    parser.add_argument("--root", type=Path, default=ROOT, help="the repository")
    asked = parser.parse_args(arguments)
    if asked.check:
        found = check(asked.root)
        print("\n".join([*found, "`make lock` compiles them again."]) if found else "The requirements are in order.")
        return 1 if found else 0
    try:
        compile_all(asked.root, upgrade=asked.upgrade)
    except subprocess.CalledProcessError as error:
        print(f"The resolver refused (exit {error.returncode}); its reasons are above.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
