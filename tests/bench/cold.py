"""What a function's cold start costs beside the libraries that it cannot do without: python -m bench.cold.

A fresh process each time, of a staged folder that was compiled as a build compiles it, and without what a developer's
environment has besides the function's requirements. `bench.opening` says what the steps are. The bare imports and the
function take turns, now the one first and now the other, each beside a yardstick of its own, and the median counts: on
a shared machine the best is luck. Seconds are the processor's, memory is the resident size at its largest.
"""

from __future__ import annotations

import compileall
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

from attune_local.stage import ROOT, stage
from bench.line import Line
from bench.opening import HIDDEN, Opened

FUNCTIONS = ("ingest", "erase", "launch", "watch")
FOLDER = ROOT / "build" / "bench" / "staged"
UNCOMPILED = ROOT / "build" / "bench" / "uncompiled"
VERTEX = ("google.cloud.aiplatform", "google.cloud.aiplatform_v1", "google.genai", "vertexai")
_ROUNDS = 11
_WANTED = 1.15  # times the bare imports
_MIB = 1024
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[.*])?==", re.MULTILINE)


@cache
def folder() -> Path:
    """Where the functions are staged, compiled."""
    stage(ROOT, FUNCTIONS, FOLDER)
    compileall.compile_dir(FOLDER, quiet=2)
    return FOLDER


def opened(step: str, *functions: str, within: Path | None = None) -> list[Opened]:
    """What the functions' processes tell of themselves at a step; as they are staged, or within another folder."""
    hidden = {HIDDEN: ",".join(sorted(_not_deployed(functions)))}
    command = [sys.executable, "-m", "bench.opening", step, str(within or folder()), *functions]
    path = {"PYTHONPATH": str(ROOT / "tests"), "PYTHONDONTWRITEBYTECODE": "1"}
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | path | hidden)
    told = [json.loads(line) for line in said.stdout.splitlines()]
    return [Opened(**fields) for fields in told if "packages" in fields]  # the others are the functions' log


def lines() -> Iterator[Line]:
    """Each function beside the bare imports, and what Vertex AI's library would add."""
    for function in FUNCTIONS:
        bare, ours = _in_turns(("bare", function), ("ready", function))
        yield _cold(function, bare, ours)
    quiet, asking = _in_turns(("ready", "watch"), ("asking", "watch"))
    times, more = asking.paced / quiet.paced, (asking.resident - quiet.resident) / _MIB
    figure = f"{times:.1f} x the seconds, {more:,.0f} MiB more, when the tuning service is asked"
    yield Line("a watch with a job to follow", "-", figure, None, {"times": times, "more_mib": more})
    yield _anew()
    yield from _imported()


@cache
def quiet_events() -> tuple[Opened, ...]:
    """A process with the bare imports, and the functions, as they are in the tree, after a quiet event each."""
    return tuple(opened("handled", *FUNCTIONS, within=ROOT / "functions"))


def _imported() -> Iterator[Line]:
    bare, *functions = quiet_events()
    for found in functions:
        vertex = sorted(set(VERTEX) & set(found.packages))
        more = (
            f"{len(found.modules)} modules of attune, {', '.join(_beside(found, bare)) or 'no package'} beside the bare"
        )
        figure, what = f"{', '.join(vertex) or 'none'}; {more}", f"imported by {found.function}, quiet"
        yield Line(what, "no Vertex AI", figure, not vertex, counted=counted(found, bare))


def counted(found: Opened, bare: Opened) -> dict[str, int]:
    """How much it imports: of others, beside the bare imports; and of attune."""
    return {"packages beside the bare": len(_beside(found, bare)), "modules of attune": len(found.modules)}


def _beside(found: Opened, bare: Opened) -> list[str]:
    return sorted(set(found.packages) - set(bare.packages))


def _cold(function: str, bare: Opened, ours: Opened) -> Line:
    times, held = ours.paced / bare.paced, ours.resident / bare.resident
    figure = (
        f"{times:.2f} x the seconds (bare some {bare.seconds:.2f}), "
        f"{held:.2f} x the memory ({ours.resident / _MIB:,.0f} MiB)"
    )
    numbers = {"times": times, "memory_times": held, "seconds": ours.seconds, "mib": ours.resident / _MIB}
    met = max(times, held) <= _WANTED
    return Line(f"cold start of {function}", f"<= {_WANTED} x bare imports", figure, met, numbers)


def _anew() -> Line:
    """What `infra/` spares by a build's bytecode that an image's dates do not make stale."""
    stage(ROOT, ["watch"], UNCOMPILED)
    kept, anew = _in_turns(("ready", "watch"), ("ready", "watch", UNCOMPILED))
    times = anew.paced / kept.paced
    figure = f"{times:.2f} x the seconds, if the package is compiled anew"
    return Line("a watch whose bytecode is stale", "-", figure, None, {"times": times})


def _in_turns(*steps: tuple[str, str] | tuple[str, str, Path]) -> list[Opened]:
    """The median of some rounds of each."""
    found: dict[int, list[Opened]] = {at: [] for at in range(len(steps))}
    for turn in range(_ROUNDS):
        for at in sorted(found, reverse=turn % 2 == 1):
            step, function, *within = steps[at]
            found[at] += opened(step, function, within=within[0] if within else None)
    return [sorted(each, key=lambda one: one.paced)[_ROUNDS // 2] for each in found.values()]


def _not_deployed(functions: Sequence[str]) -> set[str]:
    """The packages here that none of the functions' requirements brings."""
    wanted = {name for function in functions for name in _required(function)}
    return {
        package
        for package, distributions in packages_distributions().items()
        if not wanted & {_normal(name) for name in (*distributions, package)} and package != "attune"
    } - {"google", "attune_local", "__pycache__"}


def _required(function: str) -> set[str]:
    text = (ROOT / "functions" / function / "requirements.txt").read_text(encoding="utf-8")
    return {_normal(name) for name in _PINNED.findall(text)}


def _normal(name: str) -> str:
    """A distribution's name as PEP 503 normalises it."""
    return re.sub(r"[-_.]+", "-", name).lower()


if __name__ == "__main__":
    for line in lines():
        sys.stdout.write(f"{line.what}: {line.figure}\n")
