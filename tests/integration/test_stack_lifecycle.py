"""Whatever ends the stack, nothing of it stays."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from attune_local.stack.errors import DiedStarting
from attune_local.stack.plan import Plan, Trigger
from attune_local.stack.stack import Stack
from attune_local.stack.waiting import wait_until

pytestmark = pytest.mark.emulators

# Starts the emulators, tells their process ids, and waits to be ended: by short sleeps, as `attune_local up` does. A
# signal that the kernel hands to another thread does not wake a main thread that sleeps.
SCRIPT = """
import json, signal, time
from attune_local.stack.stack import Stack
signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job would ignore it
with Stack() as stack:
    print(json.dumps([stack.processes[name].pid for name in stack.processes.names()]), flush=True)
    while True:
        time.sleep(0.05)
"""


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        signal.SIGTERM,
        pytest.param(
            signal.SIGKILL, marks=pytest.mark.skipif(sys.platform != "linux", reason="the kernel's doing on Linux")
        ),
    ],
)
@pytest.mark.usefixtures("emulators_installed")
def test_nothing_stays_when_a_signal_ends_the_stack(number: signal.Signals) -> None:
    with subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as started:
        assert started.stdout
        pids = json.loads(started.stdout.readline())
        assert len(pids) == 3
        started.send_signal(number)
    wait_until(lambda: not any(_runs(pid) for pid in pids), 10, "every process is gone")


@pytest.mark.usefixtures("emulators_installed")
def test_a_function_that_does_not_start_ends_the_stack_and_shows_why(tmp_path: Path) -> None:
    (tmp_path / "build/ingest").mkdir(parents=True)
    (tmp_path / "build/ingest/main.py").write_text("raise SystemExit('this door is shut')\n")
    stack = Stack(Plan(staged=tmp_path / "build", triggers=(Trigger("ingest", "attune-launch"),)))
    with pytest.raises(DiedStarting, match="this door is shut"), stack:
        pytest.fail("It must not get here.")
    assert not any(stack.processes[name].alive for name in stack.processes.names())


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text()
