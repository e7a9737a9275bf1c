"""The functions' processes: each behind proxies of its own, killed and started anew, with a clock that may be wrong."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from attune_local.stack.child import Child, Program
from attune_local.stack.loopback import HOST, free_port
from attune_local.stack.stack import Stack
from breaker.calls import Service
from breaker.injections import Chaos
from breaker.proxies import Proxy, grpc_proxy, http_proxy

TESTS = Path(__file__).parents[1]
_START_SECONDS = 120.0
_SETTINGS = {
    "ATTUNE_STALLED_SECONDS": "5",
    "ATTUNE_SWEEP_SECONDS": "4",
    "THREADS": "4",
    "PYTHONUNBUFFERED": "1",
    "PYTHONDONTWRITEBYTECODE": "",
}


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds: a lease, an intent to create a job, and how far a process's clock may be off.

    Half an intent has to outlast a pause past a lease and two clocks that are off. Whoever comes after a launcher that
    died with an intent waits for the rest of it.
    """

    lease: int = 10
    intent: int = 120
    skew: float = 8

    @property
    def environment(self) -> dict[str, str]:
        """The functions' settings."""
        return {"ATTUNE_LEASE_SECONDS": str(self.lease), "ATTUNE_INTENT_SECONDS": str(self.intent)}


@dataclass(slots=True)
class Functions:
    """All functions that are staged, by their names.

    They are started and killed in one thread that outlives them: on Linux a child dies with the thread that began it.
    """

    stack: Stack
    staged: Path
    chaos: Chaos
    timing: Timing = Timing()
    _dice: random.Random = field(init=False)
    _children: dict[str, Child] = field(default_factory=dict)
    _environments: dict[str, dict[str, str]] = field(default_factory=dict)
    _closing: ExitStack = field(default_factory=ExitStack)
    _keeper: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def __post_init__(self) -> None:
        self._dice = random.Random(f"clocks {self.chaos.seed}")  # noqa: S311 - a schedule, not a secret

    def start(self) -> None:
        """Starts all that are staged, and waits until each answers."""
        for name in sorted(path.parent.name for path in self.staged.glob("*/main.py")):
            self._environments[name] = self._environment(name)
            self.in_keeper(self._launch, name)
        for child in self._children.values():
            child.wait_ready(_START_SECONDS)

    def close(self) -> None:
        """Ends them, and their proxies."""
        self._keeper.shutdown(wait=True, cancel_futures=True)
        for child in self._children.values():
            child.kill()
        self._closing.close()

    @property
    def names(self) -> list[str]:
        """Their names."""
        return list(self._children)

    def url(self, name: str) -> str:
        """Where a function takes events."""
        return f"http://{HOST}:{self._children[name].port}"

    def kill(self, name: str) -> None:
        """SIGKILL, at once, and a new process in its place, on the same port."""
        self.in_keeper(self._replace, name)

    def in_keeper(self, work: Callable[[str], None], name: str) -> None:
        """Starts a process in the thread that outlives them all."""
        self._keeper.submit(work, name).result()

    def pause(self, name: str, seconds: float) -> None:
        """SIGSTOP, and later SIGCONT."""
        paused(self._children[name].pid, seconds)

    def _replace(self, name: str) -> None:
        self._children[name].kill()
        self._launch(name)

    def _launch(self, name: str) -> None:
        port = self._children[name].port if name in self._children else free_port()
        skew = 0.0 if self.chaos.calm else self._dice.uniform(-self.timing.skew, self.timing.skew)
        if skew:
            self.chaos.hits.add("clock: skewed")
        folder = (self.staged / name).resolve()
        serve = (sys.executable, "-m", "breaker.served", f"{skew:.3f}", "--host", HOST, "--port", str(port))
        what = ("--source", "main.py", "--target", name, "--signature-type", "cloudevent")
        environment = self._environments[name] | {"PYTHONPATH": f"{folder}:{TESTS}"}
        log = self.stack.logs / f"{name}.log"
        self._children[name] = Child(Program(name, (*serve, *what), environment, folder, log), port)
        self._children[name].launch()

    def _environment(self, name: str) -> dict[str, str]:
        at = {service: self._proxy(name, service).address for service in Service}
        return {
            **{key: value for key, value in os.environ.items() if not key.startswith("ATTUNE_")},
            **self.stack.environment(),
            **_SETTINGS,
            **self.timing.environment,
            "FIRESTORE_EMULATOR_HOST": at[Service.FIRESTORE],
            "PUBSUB_EMULATOR_HOST": at[Service.PUBSUB],
            "STORAGE_EMULATOR_HOST": f"http://{at[Service.STORAGE]}",
            "ATTUNE_VERTEX_ENDPOINT": f"http://{at[Service.VERTEX]}",
        }

    def _proxy(self, name: str, service: Service) -> Proxy:
        make = grpc_proxy if service in (Service.FIRESTORE, Service.PUBSUB) else http_proxy
        proxy = make(name, service, self.stack.address(str(service)), self.chaos.judge, self.kill)
        return self._closing.enter_context(proxy)


def paused(pid: int, seconds: float) -> None:
    """Stops a process, with all it started, for so long. One that was killed meanwhile needs no more."""
    try:
        group = os.getpgid(pid)
        os.killpg(group, signal.SIGSTOP)
    except ProcessLookupError:
        return
    time.sleep(seconds)
    try:
        os.killpg(group, signal.SIGCONT)
    except ProcessLookupError:
        return
