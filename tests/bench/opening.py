# ruff: noqa: PLC0415 - what is imported when is what is measured
"""A staged function in a fresh process, as its instance begins: python -m bench.opening STEP FOLDER FUNCTION ...

Steps: `bare` is a function that does nothing but import the client libraries that every function of attune needs, and
make its clients of Firestore and Cloud Storage; `ready` is the function with the service behind its door and every
port that it asks for; `asking` the same with
what it asks the tuning service with; `handled` when it has
handled a quiet event. The adapters are the real ones throughout. No server stands behind them: at `handled`, twins
answer in the place of Firestore and the buckets, after the real ones were made, so that whatever else were asked (the
tuning service, a model, a topic) would fail.

Each function's answer is a line of JSON. Several functions are forked from a process that is
`bare`, and tells of itself first.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import fmean
from typing import Any

from bench.resident import most_held

ENVIRONMENT = {
    "ATTUNE_PROJECT": "attune-example",
    "ATTUNE_REGION": "us-central1",
    "ATTUNE_INTAKE_BUCKET": "intake",
    "ATTUNE_DATASET_BUCKET": "datasets",
    "ATTUNE_VERTEX_ENDPOINT": "http://127.0.0.1:1",
    "FIRESTORE_EMULATOR_HOST": "127.0.0.1:1",
    "STORAGE_EMULATOR_HOST": "http://127.0.0.1:1",
    "PUBSUB_EMULATOR_HOST": "127.0.0.1:1",
}
EVENTS = Path(__file__).parents[1] / "events"
HIDDEN = "ATTUNE_BENCH_HIDDEN"
"""Packages, with commas between them, that are here and would not be where a function is deployed."""
_OURS = {"attune", "attune_local", "bench", "main", "nothing"}
_OK = 200
_YARDSTICK = 6  # some hundredths of a second


@dataclass(frozen=True, slots=True)
class Opened:
    """A function's process: processor seconds, resident KiB, and what is imported: packages, and attune's modules.

    `paced` are the seconds in yardsticks, each as long as the same work took the processor just before and after.
    """

    function: str
    seconds: float
    paced: float
    resident: int
    packages: list[str]
    modules: list[str]


def bare(_function: str) -> None:
    """What there is to pay in any case."""
    import functions_framework
    import google_crc32c  # noqa: F401 - what is imported is what is measured
    import gunicorn.app.base  # type: ignore[import-untyped]  # noqa: F401 - the same: what a function is served by
    import orjson  # noqa: F401 - the same
    import pybase64  # noqa: F401 - the same
    import structlog  # noqa: F401 - the same
    from google.cloud import firestore
    from google.cloud.storage import Client
    from pydantic import BaseModel, TypeAdapter

    class Settings(BaseModel):
        """One model, because pydantic imports what makes models with the first."""

        number: int

    TypeAdapter(Settings).validate_python({"number": 1})
    functions_framework.create_app("nothing", str(Path(__file__).with_name("nothing.py")), "cloudevent")  # type: ignore[no-untyped-call]  # it has no types
    firestore.Client(project=ENVIRONMENT["ATTUNE_PROJECT"])
    Client(project=ENVIRONMENT["ATTUNE_PROJECT"])


def ready(function: str) -> None:
    """The function's app, and the service behind its door."""
    _served(function)


def asking(function: str) -> None:
    """The same, with what the tuning service is asked with."""
    _served(function)
    from attune.adapters.vertex_tuning import connected

    connected("attune-example", "us-central1", ENVIRONMENT["ATTUNE_VERTEX_ENDPOINT"], None)


def handled(function: str) -> None:
    """The same, and a quiet event."""
    app, *_ = _served(function)
    http = app.test_client()
    for event in _quiet(function):
        answer = http.post("/", headers=event["headers"], data=json.dumps(event["body"]))
        if answer.status_code != _OK:
            raise AssertionError(f"{function} answered {answer.status_code}")


STEPS: Mapping[str, Callable[[str], None]] = {"bare": bare, "ready": ready, "asking": asking, "handled": handled}


def _served(function: str) -> tuple[Any, ...]:
    import gunicorn.app.base  # noqa: F401 - as at `bare`
    from functions_framework import create_app

    app = create_app(function, str(Path(sys.path[0]) / "main.py"), "cloudevent")  # type: ignore[no-untyped-call]  # it has no types
    from attune import bootstrap, world

    cloud = world.cloud()
    made: Mapping[str, Callable[[], object]] = {
        "ingest": lambda: (bootstrap.ingest(cloud.ports()), bootstrap.parking(cloud.ports())),
        "erase": lambda: (bootstrap.erase(cloud.ports()), bootstrap.parking(cloud.ports())),
        "launch": lambda: (bootstrap.launch(cloud.ports(), cloud.deployment), bootstrap.parking(cloud.ports())),
        "watch": lambda: bootstrap.watch(cloud.ports(), cloud.deployment),
    }
    service = made[function]()
    # Launch and watch make their client of the buckets with the first work for it; at `bare` it is there: so, here.
    return app, service, cloud.objects


def _quiet(function: str) -> Iterator[dict[str, Any]]:
    """A whole pair for ingest, an unknown object for erase, an order that finds no run, a tick between two sweeps."""
    from attune import world
    from attune_local.twins.documents import MemoryDocuments
    from attune_local.twins.objects import MemoryBucket, MemoryIntake, MemoryObjects

    intake, documents = MemoryBucket("intake"), MemoryDocuments()
    twins = {
        "documents": documents,
        "intake": MemoryIntake(intake),
        "objects": MemoryObjects(MemoryBucket("datasets")),
    }
    vars(world.cloud()).update({name: twin for name, twin in twins.items() if name in vars(world.cloud())})
    if function == "ingest":
        for name, data in (("interviews/a.wav", _wav()), ("interviews/a.txt", b"it says so")):
            yield _event("object_finalized", name=name, generation=intake.upload(name, data), size=len(data))
    else:
        if function == "watch":
            from attune.ports import Create
            from attune.services.manifests import of_sweeps

            now = world.now()
            documents.commit(Create(of_sweeps.sweep(), of_sweeps.Sweep(1, now, finished_at=now)))
        yield _event({"erase": "object_deleted", "launch": "launch_order", "watch": "tick"}[function])


def _event(captured: str, **fields: object) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{captured}.json").read_text())
    event["headers"].pop("ce-time")  # it is not too old
    event["body"].update({name: str(value) for name, value in fields.items()})
    return event


def _wav() -> bytes:
    """A second of a sawtooth in a WAV file, made by the standard library alone."""
    import io
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        sound.writeframes(b"".join((at * 97 % 16_000).to_bytes(2, "little") for at in range(16_000)))
    return out.getvalue()


def _packages() -> Iterator[str]:
    """What is imported of others: packages by their first name, those of Google's namespaces by the one behind it."""
    for name in [name for name in list(sys.modules) if sys.modules.get(name) is not None]:
        first, *_ = parts = name.split(".")
        if first not in _OURS | sys.stdlib_module_names and not first.startswith("_"):
            depth = 3 if parts[:2] == ["google", "cloud"] else 2 if first == "google" else 1
            yield ".".join(parts[:depth])


def tell(step: str, function: str) -> None:
    """Does the step, and prints what it took."""
    yardsticks = [_yardstick()]
    before = time.process_time()
    STEPS[step](function)
    seconds = time.process_time() - before
    resident = most_held()
    yardsticks.append(_yardstick())
    modules = sorted(name for name in sys.modules if name.partition(".")[0] == "attune")
    paced = seconds / fmean(yardsticks)
    told = Opened(function, seconds, paced, resident, sorted(set(_packages())), modules)
    print(json.dumps(asdict(told)), flush=True)  # noqa: T201 - what it is run for


def _yardstick() -> float:
    """The seconds of a fixed piece of work, much like an import: a shared processor is now faster, now slower."""
    source = Path(__file__).read_text(encoding="utf-8")
    before = time.process_time()
    for _ in range(_YARDSTICK):
        compile(source, "yardstick", "exec")
    return time.process_time() - before


def main(step: str, folder: str, *functions: str) -> None:
    """One function in this very process, or several in forks of it."""
    os.environ.update(ENVIRONMENT)
    sys.modules.update(dict.fromkeys(filter(None, os.environ.get(HIDDEN, "").split(","))))  # type: ignore[arg-type]  # None says that it is not there
    if len(functions) == 1:
        sys.path.insert(0, str(Path(folder) / functions[0]))
        tell(step, functions[0])
        return
    tell("bare", "bare")
    for function in functions:
        child = get_context("fork").Process(target=_forked, args=(step, folder, function))
        child.start()
        child.join()
        if child.exitcode:
            raise SystemExit(child.exitcode)


def _forked(step: str, folder: str, function: str) -> None:
    sys.path.insert(0, str(Path(folder) / function))
    tell(step, function)


if __name__ == "__main__":
    main(*sys.argv[1:])
