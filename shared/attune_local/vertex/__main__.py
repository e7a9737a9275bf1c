"""`python -m attune_local.vertex --port P --storage-endpoint http://127.0.0.1:Q`: serves until interrupted."""

import argparse
import signal
import threading
from collections.abc import Sequence
from datetime import timedelta

from attune_local.vertex.engine import Engine, Settings
from attune_local.vertex.gcs import GcsObjects
from attune_local.vertex.hearing.booths import Booths
from attune_local.vertex.hearing.choice import by_heart, choose
from attune_local.vertex.jobs import Timing
from attune_local.vertex.server import serving

_TICK_SECONDS = 0.2


def main(argv: Sequence[str] | None = None) -> None:
    """Prints the address once it serves; ends on SIGINT or SIGTERM."""
    chosen = _parser().parse_args(argv)
    booths, objects = Booths(), GcsObjects(chosen.storage_endpoint)
    hearing = by_heart(objects) if chosen.by_heart else choose(objects, booths)
    engine = Engine(hearing.objects, settings=_settings(chosen), listener=hearing.listener)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with serving(engine, port=chosen.port, tick_seconds=_TICK_SECONDS) as address, booths:
        print(address, flush=True)
        stop.wait()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m attune_local.vertex", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--storage-endpoint", required=True, help="the Cloud Storage server to read datasets from")
    parser.add_argument("--quota", type=int, default=1, help="unfinished jobs a project may have")
    parser.add_argument("--queue-seconds", type=float, default=1.0, help="how long a job is PENDING")
    parser.add_argument("--run-seconds", type=float, default=3.0, help="how long a job is RUNNING")
    parser.add_argument("--refuse-inline", action="store_true", help="fail rows that carry their audio inline")
    parser.add_argument("--by-heart", action="store_true", help="repeat memorised transcripts instead of listening")
    return parser


def _settings(chosen: argparse.Namespace) -> Settings:
    timing = Timing(queue=timedelta(seconds=chosen.queue_seconds), run=timedelta(seconds=chosen.run_seconds))
    return Settings(
        quota=chosen.quota,
        timing=timing,
        accept_inline=not chosen.refuse_inline,
        advance_on_call=False,
    )


if __name__ == "__main__":
    main()
