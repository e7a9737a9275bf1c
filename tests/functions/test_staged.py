"""Each staged folder is built as the builder would, in a clean environment, and answers the event it is for."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path

import pytest

from attune_local.stack.loopback import free_port
from attune_local.stack.stack import Stack
from attune_local.stage import stage

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "events"
CAPTURED = {"ingest": "object_finalized.json", "launch": "launch_order.json", "watch": "tick.json"}
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


@pytest.mark.emulators
@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("function", ["ingest", "launch", "watch"])
def test_a_staged_folder_builds_and_answers_in_a_clean_environment(function: str, tmp_path: Path, stack: Stack) -> None:
    (folder,) = stage(ROOT, [function], tmp_path / "build")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ATTUNE_", "VIRTUAL"))}
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"

    def run(*arguments: str) -> str:
        command = [str(python), *arguments]
        done = subprocess.run(
            command, cwd=folder, env=clean | deployed(stack), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run("-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements.txt")
    run("-m", "pip", "check")
    run("-m", "compileall", "-q", ".")
    said = run("-c", ANSWER, function, str(EVENTS / CAPTURED[function]))
    answer = json.loads(said.splitlines()[-1])
    assert answer == {"status": 200, "attune": str(folder / "attune" / "__init__.py")}
    missing = run("-c", "import importlib.util as u; print(u.find_spec('typer'), u.find_spec('attune_local'))")
    assert missing.split() == ["None", "None"]
