"""Each staged folder is installed by hash into a clean environment, and answers the event it is for there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from attune_local.stack.loopback import free_port
from attune_local.stack.stack import Stack
from attune_local.stage import stage

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
CAPTURED = {
    "ingest": "object_finalized.json",
    "erase": "object_deleted.json",
    "launch": "launch_order.json",
    "watch": "tick.json",
}
ANSWER = """
import json, sys
import functions_framework
event = json.load(open(sys.argv[2]))
app = functions_framework.create_app(sys.argv[1], "main.py", "cloudevent")
answer = app.test_client().post("/", data=json.dumps(event["body"]), headers=event["headers"])
import attune
print(json.dumps({"status": answer.status_code, "attune": attune.__file__}))
"""


def deployed(stack: Stack) -> dict[str, str]:
    """The function's environment: the emulators, the event's bucket, and a Vertex that no event here gets to ask."""
    captured = json.loads((EVENTS / CAPTURED["ingest"]).read_text())
    vertex = f"http://127.0.0.1:{free_port()}"
    bucket = captured["body"]["bucket"]
    return stack.environment() | {"ATTUNE_INTAKE_BUCKET": bucket, "ATTUNE_VERTEX_ENDPOINT": vertex}


def with_uv(python: Path) -> list[list[str]]:
    """Seconds, where its cache has the wheels."""
    uv, at = [sys.executable, "-m", "uv"], ["--python", str(python)]
    return [
        [*uv, "venv", "--quiet", "--python", sys.executable, str(python.parents[1])],
        [*uv, "pip", "install", "--quiet", "--system-certs", *at, "--require-hashes", "-r", "requirements.txt"],
        [*uv, "pip", "check", *at],
    ]


def with_pip(python: Path) -> list[list[str]]:
    """A minute: what the builder runs."""
    pip = [str(python), "-m", "pip"]
    return [
        [sys.executable, "-m", "venv", str(python.parents[1])],
        [*pip, "install", "--quiet", "--require-hashes", "-r", "requirements.txt"],
        [*pip, "check"],
    ]


@pytest.mark.emulators
@pytest.mark.timeout(300)
@pytest.mark.parametrize("installed", [with_uv, pytest.param(with_pip, marks=pytest.mark.thorough)])
@pytest.mark.parametrize(
    "function",
    # The watch has the others' requirements, and its own.
    ["watch", *(pytest.param(each, marks=pytest.mark.thorough) for each in ("ingest", "erase", "launch"))],
)
def test_a_staged_folder_installs_and_answers_in_a_clean_environment(
    function: str, installed: Callable[[Path], list[list[str]]], tmp_path: Path, stack: Stack
) -> None:
    (folder,) = stage(ROOT, [function], tmp_path / "build")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ATTUNE_", "VIRTUAL"))}
    python = tmp_path / "env" / "bin" / "python"

    def run(*command: str) -> str:
        done = subprocess.run(
            command, cwd=folder, env=clean | deployed(stack), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for command in installed(python):
        run(*command)
    run(str(python), "-m", "compileall", "-q", ".")
    said = run(str(python), "-c", ANSWER, function, str(EVENTS / CAPTURED[function]))
    answer = json.loads(said.splitlines()[-1])
    assert answer == {"status": 200, "attune": str(folder / "attune" / "__init__.py")}
    missing = run(
        str(python), "-c", "import importlib.util as u; print(u.find_spec('typer'), u.find_spec('attune_local'))"
    )
    assert missing.split() == ["None", "None"]
