"""The local stack's functions, each behind proxies of its own that let pass what `infra` grants it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

import urllib3

from attune_local.stack import plan, provision
from attune_local.stack.loopback import HOST
from attune_local.stack.plan import Plan, Trigger, VertexPace
from attune_local.stack.processes import Command
from attune_local.stack.stack import PYTHON_SETTINGS, Stack
from attune_local.stage import stage
from breaker.calls import Judge, Service
from breaker.proxies import grpc_proxy, http_proxy
from rights.grants import Record, filled
from rights.guard import Guard, guard_of
from rights.needs import Law

ROOT = Path(__file__).parents[2]
MADE_BY_INFRA = ROOT / "shared/attune_local/admin/made_by_infra.json"
FUNCTIONS = tuple(sorted(folder.parent.name for folder in ROOT.glob("functions/*/main.py")))
PLACES = {
    "project": plan.PROJECT,
    "intake": plan.INTAKE_BUCKET,
    "dataset": plan.DATASET_BUCKET,
    "region": plan.REGION,
    "location": plan.REGION.upper(),
    "number": "123456789012",
}
_PACE = VertexPace(queue_seconds=0.2, run_seconds=0.6)


@dataclass(frozen=True, slots=True)
class Guarded:
    """The stack, and who guards it."""

    stack: Stack
    guard: Guard


def records() -> list[Record]:
    """What `infra` makes, in the local stack's names."""
    return filled(json.loads(MADE_BY_INFRA.read_text()), PLACES)


def guard(is_there: Callable[[str], bool]) -> Guard:
    """The guard of all functions; it is told which objects are there."""
    return guard_of(FUNCTIONS, records(), Law(plan.PROJECT, is_there))


@contextmanager
def guarded_stack(into: Path) -> Iterator[Guarded]:
    """The whole stack, ticking, with its functions staged in a folder."""
    stage(ROOT, FUNCTIONS, into)
    with Stack(Plan(vertex=_PACE, tick_seconds=0.5)) as stack, ExitStack() as proxies:
        watching = guard(partial(_is_there, stack.url("storage")))
        triggers = [trigger for trigger in plan.TRIGGERS if trigger.function in FUNCTIONS]
        for trigger in triggers:
            led = _through_proxies(stack, trigger.function, watching.judge, proxies)
            folder = into / trigger.function
            own = {**stack.environment(), **led, **PYTHON_SETTINGS, "THREADS": "4", "PYTHONPATH": str(folder)}
            stack.processes.launch(trigger.function, _serving(trigger.function), own, folder)
        stack.processes.wait_ready()
        provision.make_trigger_subscriptions(stack.subscriber(), triggers)
        stack.processes.launch("bridge", _bridge(stack, triggers), {**stack.environment(), **PYTHON_SETTINGS}, into)
        stack.processes.wait_ready()
        yield Guarded(stack, watching)
        # They end before their proxies do: what is asked at a closed door is asked again for a minute.
        for name in ("bridge", *FUNCTIONS):
            stack.processes[name].kill()


def _through_proxies(stack: Stack, function: str, judge: Judge, opened: ExitStack) -> dict[str, str]:
    """Opens the function's proxies, and returns the variables that lead it there."""

    def through(service: Service) -> str:
        make = grpc_proxy if service in {Service.FIRESTORE, Service.PUBSUB} else http_proxy
        proxy = make(function, service, stack.address(service.value), judge, stack.restart)
        return opened.enter_context(proxy).address

    return {
        "FIRESTORE_EMULATOR_HOST": through(Service.FIRESTORE),
        "PUBSUB_EMULATOR_HOST": through(Service.PUBSUB),
        "STORAGE_EMULATOR_HOST": f"http://{through(Service.STORAGE)}",
        "ATTUNE_VERTEX_ENDPOINT": f"http://{through(Service.VERTEX)}",
    }


def _is_there(storage: str, target: str) -> bool:
    bucket, _, name = target.partition("/")
    answer = urllib3.request("GET", f"{storage}/storage/v1/b/{bucket}/o/{quote(name, safe='')}", retries=False)
    return answer.status == HTTPStatus.OK


def _serving(function: str) -> Command:
    def command(port: int) -> tuple[str, ...]:
        serve = (sys.executable, "-m", "functions_framework", "--host", HOST, "--port", str(port))
        return (*serve, "--source", "main.py", "--target", function, "--signature-type", "cloudevent")

    return command


def _bridge(stack: Stack, triggers: Sequence[Trigger]) -> Command:
    def command(port: int) -> tuple[str, ...]:
        routes: list[str] = []
        for trigger in triggers:
            kind = "--storage-route" if trigger.storage else "--topic-route"
            what = ",".join(trigger.storage) or trigger.topic
            routes += [kind, trigger.subscription, what, stack.url(trigger.function)]
        serve = (sys.executable, "-m", "attune_local.stack.bridge", "--port", str(port), "--project", plan.PROJECT)
        return (*serve, *routes)

    return command
