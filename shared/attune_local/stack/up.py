"""Keep the local stack up, and tell how to point other programs at it."""

import signal
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich.console import Console
from rich.table import Table

from attune_local.stack import plan
from attune_local.stack.plan import Plan, VertexPace
from attune_local.stack.stack import Stack

PARTS = {
    "storage": "Cloud Storage",
    "firestore": "Firestore",
    "pubsub": "Pub/Sub",
    "vertex": "Vertex AI tuning",
    "admin": "Google's admin APIs",
    "bridge": "Eventarc",
}
LOOK_SECONDS = 0.5
TICK_SECONDS = 2.0


def up(staged: Path, console: Console | None = None) -> None:
    """Start everything, print the addresses, serve until Ctrl-C, or until a process ends (StackError)."""
    told = console or Console(highlight=False, soft_wrap=True)
    told.print("Starting …")
    # A shell that starts this in the background leaves Ctrl-C ignored; here it must always stop everything.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    wanted = Plan(staged=staged, vertex=VertexPace(listens=True), admin=True, tick_seconds=TICK_SECONDS)
    try:
        with Stack(wanted) as stack:
            _describe(stack, told)
            while True:
                stack.processes.check()
                time.sleep(LOOK_SECONDS)
    except KeyboardInterrupt:
        told.print("Stopped.")


def exports(stack: Stack) -> dict[str, str]:
    """Return the variables that point Google's clients, the gcloud CLI and `attune` at the stack.

    gcloud takes an endpoint only with its closing slash.
    """
    vertex = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_AIPLATFORM": f"{stack.url('vertex')}/"} if stack.plan.vertex else {}
    admin = {"ATTUNE_ADMIN_ENDPOINT": stack.url("admin")} if stack.plan.admin else {}
    return stack.environment() | {
        "CLOUDSDK_CORE_PROJECT": plan.PROJECT,
        "CLOUDSDK_AUTH_DISABLE_CREDENTIALS": "True",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE": f"{stack.url('storage')}/storage/v1/",
        "CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB": f"{stack.url('pubsub')}/",
        **vertex,
        **admin,
    }


def _describe(stack: Stack, told: Console) -> None:
    told.print(_addresses(stack) if told.is_terminal else _address_lines(stack))
    told.print(f"Logs: {stack.logs}\n")
    told.print("Point a shell at it:\n")
    told.print(_shell(exports(stack)), markup=False)
    told.print("\nThen, for example:\n")
    told.print("\n".join(_examples(stack)), markup=False)
    told.print("\nCtrl-C stops it.")


def _address_lines(stack: Stack) -> str:
    return "\n".join(f"{what}: {url}" for what, url in _known(stack))


def _addresses(stack: Stack) -> Table:
    table = Table("what", "where", box=None, pad_edge=False)
    for what, url in _known(stack):
        table.add_row(what, url)
    return table


def _known(stack: Stack) -> Iterable[tuple[str, str]]:
    return ((PARTS.get(name, f"function {name}"), stack.url(name)) for name in stack.processes.names())


def _shell(variables: Mapping[str, str]) -> str:
    return "\n".join(f"export {name}={value}" for name, value in variables.items())


def _examples(stack: Stack) -> Iterable[str]:
    yield f"gcloud storage cp FOLDER/* gs://{plan.INTAKE_BUCKET}/DATASET/"
    yield f"gcloud pubsub subscriptions pull {plan.EVENTS_SUBSCRIPTION} --auto-ack --limit=10"
    if stack.plan.admin:
        yield "attune doctor"
    if stack.plan.vertex:
        base = f'http_options={{"base_url": "{stack.url("vertex")}"}}'
        yield f'python: google.genai.Client(vertexai=True, api_key="local", {base})'
