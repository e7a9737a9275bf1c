"""The stack's processes by name: launched on free ports, waited for together, stopped together."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from attune_local.stack.child import Child, Program
from attune_local.stack.errors import DiedStarting, StackError, TooLate
from attune_local.stack.loopback import free_port
from attune_local.stack.waiting import wait_until

START_SECONDS = 60.0
GRACE_SECONDS = 3.0
PORT_TRIES = 4
# Of the person's own environment, what would lead a client away from the stack.
LEFT_OUT = frozenset(
    {
        "API_ENDPOINT_OVERRIDE",
        "FIRESTORE_EMULATOR_HOST",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "PUBSUB_EMULATOR_HOST",
        "STORAGE_EMULATOR_HOST",
    }
)

# A command, given the port to serve on.
Command = Callable[[int], tuple[str, ...]]


class Processes:
    """Every process of a stack; `logs` takes NAME.log for each."""

    def __init__(self, logs: Path, inherited: Mapping[str, str] = os.environ) -> None:
        self.logs = logs
        self._inherited = {key: value for key, value in inherited.items() if key not in LEFT_OUT}
        self._children: dict[str, Child] = {}
        self._starting: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Child:
        return self._children[name]

    def names(self) -> list[str]:
        """Return the names in the order of their launch."""
        return list(self._children)

    def launch(self, name: str, command: Command, environment: Mapping[str, str], folder: Path) -> None:
        """Start a process on a free port, without waiting; its environment is the inherited one with this on top."""
        program = Program(name, (), {**self._inherited, **environment}, folder, self.logs / f"{name}.log")
        self._starting[name] = command
        self._launch(name, command, program)

    def wait_ready(self) -> None:
        """Wait until every launched process answers; DiedStarting with the end of its log when one does not."""
        for name, command in self._starting.items():
            self._wait_ready(name, command)
        self._starting.clear()

    def check(self) -> None:
        """Raise StackError with the end of its log when a process has ended by itself."""
        for name, child in self._children.items():
            if not child.alive:
                raise StackError(f"{name} has ended. The end of its log:\n{child.tail()}")

    def restart(self, name: str) -> None:
        """Kill a process at once, as a crash would, and start it again on the same port."""
        self._children[name].kill()
        self._children[name].launch()
        self._children[name].wait_ready(START_SECONDS)

    def stop(self) -> None:
        """End every process and all that they started: politely, and after GRACE_SECONDS in any case."""
        children = [*self._children.values()]
        try:
            for child in children:
                child.ask_to_stop()
            with suppress(TooLate):
                wait_until(lambda: not any(child.alive for child in children), GRACE_SECONDS, "every process ends")
        finally:
            for child in children:
                child.kill()

    def _launch(self, name: str, command: Command, program: Program) -> None:
        port = free_port()
        program.log.write_bytes(b"")
        self._children[name] = Child(replace(program, command=command(port)), port)
        self._children[name].launch()

    def _wait_ready(self, name: str, command: Command) -> None:
        """Try another port when somebody else took this one between our looking and the process's binding."""
        for attempt in range(1, PORT_TRIES + 1):
            child = self._children[name]
            try:
                child.wait_ready(START_SECONDS)
            except DiedStarting:
                if attempt == PORT_TRIES or not child.port_taken:
                    raise
                child.kill()
                self._launch(name, command, child.program)
            else:
                return
