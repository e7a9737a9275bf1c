"""One process of the stack: started in its own session, logging to a file, stopped with all that it started."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from attune_local.stack.errors import DiedStarting, TooLate
from attune_local.stack.loopback import answers
from attune_local.stack.waiting import wait_until

TETHER = Path(__file__).with_name("tether.py")
TAIL_BYTES = 4_000
# What servers say of a port that somebody else has: Java, Go and Python, then gunicorn. Not all of them end then.
PORT_TAKEN = ("address already in use", "connection in use")


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `environment` is the whole of it, `folder` the working directory, `log` takes both outputs."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    log: Path


class Child:
    """A program that serves HTTP on a port of the loopback."""

    def __init__(self, program: Program, port: int) -> None:
        self.program = program
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start, without waiting.

        Call from a thread that lives as long as the child shall: on Linux the kernel ends the child with that thread.
        """
        with self.program.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *self.program.command],
                cwd=self.program.folder,
                env=dict(self.program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_ready(self, limit: float) -> None:
        """Return once it answers on its port; DiedStarting when it ends before, or is silent for `limit` seconds."""
        try:
            wait_until(self._settled, limit, f"{self.program.name} answers")
        except TooLate as error:
            raise DiedStarting(f"{error} The end of its log:\n{self.tail()}") from error
        if self.port_taken or not self.alive:
            raise DiedStarting(f"{self.program.name} could not start. The end of its log:\n{self.tail()}")

    @property
    def port_taken(self) -> bool:
        """Whether its log says that somebody else has the port."""
        return any(words in self.tail().lower() for words in PORT_TAKEN)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process's id, which is its group's too; 0 before the start."""
        return self._process.pid if self._process else 0

    def tail(self) -> str:
        """Return the end of the log."""
        if not self.program.log.exists():
            return ""
        return self.program.log.read_bytes()[-TAIL_BYTES:].decode(errors="replace").strip()

    def ask_to_stop(self) -> None:
        """Ask the whole group to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the whole group at once, as a crash would, and collect the process."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def _settled(self) -> bool:
        return not self.alive or self.port_taken or answers(self.port)

    def _signal(self, number: signal.Signals) -> None:
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
