"""`attune check` as a process of its own, with its workers: what it prints where, and that none of them outlives it."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from folders import SENTENCES, good, put
from sounds import encoded, speech

COMMAND = [sys.executable, "-m", "attune.cli", "check"]


def attune(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = good(tmp_path_factory.mktemp("calls"), 40)
    put(made, "deep/empty", b"", SENTENCES[50])
    put(made, "deep/copy", (made / "call-003.wav").read_bytes(), SENTENCES[51])
    put(made, "[odd] name\u00e9", (made / "call-004.wav").read_bytes()[:-100], SENTENCES[52])
    return made


def test_two_processes_tell_what_one_does(folder: Path) -> None:
    one, two = (attune(folder, "--json", "--jobs", jobs) for jobs in (1, 2))
    assert (one.returncode, two.returncode, one.stderr, two.stderr) == (1, 1, "", "")
    alone, together = json.loads(one.stdout), json.loads(two.stdout)
    assert (alone.pop("took")["processes"], together.pop("took")["processes"]) == (1, 2)
    assert alone == together
    assert alone["codes"] == {"audio_duplicate": 1, "audio_empty": 1, "audio_truncated": 1}


def test_a_file_gets_no_bar_and_no_colours(folder: Path) -> None:
    done = attune(folder)
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "[odd] name\u00e9" in done.stdout
    assert "processes" in done.stdout.splitlines()[-1]


def test_the_bar_is_drawn_on_the_terminals_error_stream_only(folder: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with (tmp_path / "out").open("wb") as out:
        running = subprocess.Popen([*COMMAND, str(folder), "--json"], stdout=out, stderr=theirs)
    os.close(theirs)
    drawn = b"".join(until_closed(ours))
    assert running.wait(60) == 1
    assert b"checking" in drawn
    assert b"/43" in drawn
    assert json.loads((tmp_path / "out").read_bytes())["totals"]["pairs"] == 43


def until_closed(terminal: int) -> Iterator[bytes]:
    try:
        while piece := os.read(terminal, 10_000):
            yield piece
    except OSError:  # what Linux says when nobody writes there any longer
        return
    finally:
        os.close(terminal)


def workers_of(process: subprocess.Popen[Any]) -> list[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return [int(pid) for pid in children.read_text().split()]


def is_gone(pid: int) -> bool:
    """Whether the process has ended, though nobody may have asked for its status yet."""
    try:
        return " Z " in Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What a shell starts in the background ignores SIGINT, and so would whatever is started here."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def much(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """More than can be looked at in a moment: one recording of a minute, under many names."""
    made = tmp_path_factory.mktemp("much")
    put(made, "0", encoded(".wav", speech(60)), "so much to say. " * 20)
    for number in range(1, 1_500):
        for ending in (".wav", ".txt"):
            (made / f"{number}{ending}").hardlink_to(made / f"0{ending}")
    return made


@pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")
@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)]
)
@pytest.mark.usefixtures("interruptible")
def test_no_worker_outlives_the_command(much: Path, sent: signal.Signals, status: int) -> None:
    running = subprocess.Popen(
        [*COMMAND, str(much), "--jobs", "3"], start_new_session=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    until(lambda: len(workers_of(running)) == 3)
    workers = workers_of(running)
    if sent is signal.SIGINT:
        os.killpg(running.pid, sent)  # as a terminal does: to everyone
    else:
        running.send_signal(sent)
    out, errors = running.communicate(timeout=60)
    assert (running.returncode, out, errors) == (status, b"", b"")
    until(lambda: all(map(is_gone, workers)))
