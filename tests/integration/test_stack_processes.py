"""Processes start together, are waited for with a limit, and leave nothing behind."""

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from attune_local.stack.errors import DiedStarting, StackError, TooLate
from attune_local.stack.loopback import answers
from attune_local.stack.processes import Command, Processes
from attune_local.stack.waiting import wait_until

# A server that starts another process, which ignores polite requests, and writes its id down.
FAMILY = """
import http.server, pathlib, subprocess, sys
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
grandchild = subprocess.Popen([sys.executable, "-c", stubborn])
pathlib.Path("grandchild").write_text(str(grandchild.pid))
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    started = Processes(tmp_path)
    yield started
    started.stop()


def test_what_is_launched_answers_on_its_own_port(processes: Processes, tmp_path: Path) -> None:
    for name in ("one", "two"):
        processes.launch(name, _python("-m", "http.server", "--bind", "127.0.0.1"), {}, tmp_path)
    processes.wait_ready()
    assert processes["one"].port != processes["two"].port
    assert all(answers(processes[name].port) for name in processes.names())


def test_stopping_ends_the_whole_family_stubborn_members_included(processes: Processes, tmp_path: Path) -> None:
    processes.launch("family", _python("-c", FAMILY), {}, tmp_path)
    processes.wait_ready()
    grandchild = int((tmp_path / "grandchild").read_text())
    processes.stop()
    assert not processes["family"].alive
    wait_until(lambda: not _runs(grandchild), 5, "the grandchild is gone")


def test_a_process_that_dies_while_starting_raises_with_the_end_of_its_log(
    processes: Processes, tmp_path: Path
) -> None:
    processes.launch("broken", _python("-c", "raise SystemExit('no such flag')"), {}, tmp_path)
    with pytest.raises(DiedStarting, match=r"broken could not start\. The end of its log:\nno such flag"):
        processes.wait_ready()


def test_a_process_that_ends_later_is_noticed(processes: Processes, tmp_path: Path) -> None:
    processes.launch("one", _python("-m", "http.server", "--bind", "127.0.0.1"), {}, tmp_path)
    processes.wait_ready()
    processes.check()
    processes["one"].kill()
    with pytest.raises(StackError, match="one has ended"):
        processes.check()


def test_a_port_that_somebody_took_in_the_meantime_is_given_up_for_another(
    processes: Processes, tmp_path: Path
) -> None:
    taken: list[socket.socket] = []

    def command(port: int) -> tuple[str, ...]:
        if not taken:  # somebody binds the first port between our looking and the process's binding
            taken.append(socket.create_server(("127.0.0.1", port), backlog=0))
        return _python("-m", "http.server", "--bind", "127.0.0.1")(port)

    processes.launch("late", command, {}, tmp_path)
    processes.wait_ready()
    (somebody,) = taken
    assert processes["late"].port != somebody.getsockname()[1]
    somebody.close()


def test_a_server_that_lives_on_without_its_port_is_moved_too(processes: Processes, tmp_path: Path) -> None:
    ports: list[int] = []

    def command(port: int) -> tuple[str, ...]:
        ports.append(port)
        lives_on = "import time; print('Connection in use', flush=True); time.sleep(600)"
        return _python("-m", "http.server", "--bind", "127.0.0.1")(port) if ports[1:] else _python("-c", lives_on)(port)

    processes.launch("late", command, {}, tmp_path)
    processes.wait_ready()
    assert processes["late"].port == ports[1]


def test_a_restarted_process_is_a_new_one_on_the_same_port(processes: Processes, tmp_path: Path) -> None:
    processes.launch("one", _python("-m", "http.server", "--bind", "127.0.0.1"), {}, tmp_path)
    processes.wait_ready()
    port, pid = processes["one"].port, processes["one"].pid
    processes.restart("one")
    assert processes["one"].port == port
    assert processes["one"].pid != pid
    assert answers(port)


def test_credentials_and_foreign_emulators_do_not_reach_a_process(
    tmp_path: Path,
) -> None:
    theirs = {
        "GOOGLE_APPLICATION_CREDENTIALS": "/somewhere/key.json",
        "STORAGE_EMULATOR_HOST": "elsewhere",
        "LANG": "C",
    }
    processes = Processes(tmp_path, inherited=theirs)
    processes.launch("one", _python("-m", "http.server"), {"OURS": "1"}, tmp_path)
    processes.stop()
    assert processes["one"].program.environment == {"LANG": "C", "OURS": "1"}


def test_waiting_gives_up_at_its_limit_and_says_for_what() -> None:
    with pytest.raises(TooLate, match=r"the tide turns: not within 0\.05 seconds\."):
        wait_until(lambda: False, 0.05, "the tide turns")


def _python(*arguments: str) -> Command:
    return lambda port: (sys.executable, *arguments, str(port))


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or ") Z " not in state.read_text()
