"""Eventarc's part: receive Pub/Sub's pushes and post to each function the CloudEvent that Google would.

    python -m attune_local.stack.bridge --port P --project PROJECT --storage-route ingest URL

The function's status goes back to Pub/Sub, which delivers again whatever was not answered with 2xx.
"""

import argparse
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import urllib3
import waitress
from flask import Flask, Response, request

from attune_local.stack.cloud_events import Delivery, Push, storage_delivery, storage_event, topic_delivery
from attune_local.stack.loopback import HOST

# The longest that an event function may run, and a little.
FUNCTION_SECONDS = 545
THREADS = 16

Translate = Callable[[Push], Delivery | None]


@dataclass(frozen=True, slots=True)
class Route:
    """Where a trigger's events go, and what is made of them; a translation to None is an event to let pass."""

    url: str
    translate: Translate


def storage_route(url: str, kinds: Collection[str]) -> Route:
    """Return a route for a bucket's notifications of the given kinds."""
    return Route(url, lambda push: storage_delivery(push) if storage_event(push) in kinds else None)


def topic_route(url: str, project: str, topic: str) -> Route:
    """Return a route for every message of a topic."""
    return Route(url, lambda push: topic_delivery(push, project, topic))


def create_app(routes: Mapping[str, Route]) -> Flask:
    """Return the server: POST /deliver/<trigger> takes wrapped pushes."""
    app = Flask(__name__)
    pool = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=FUNCTION_SECONDS)

    @app.post("/deliver/<trigger>")
    def deliver(trigger: str) -> Response:
        if trigger not in routes:
            return Response(f"No trigger {trigger}.", 404)
        route = routes[trigger]
        delivery = route.translate(Push.parse(request.get_data()))
        return Response(status=_post(pool, route.url, delivery) if delivery else 204)

    return app


def _post(pool: urllib3.PoolManager, url: str, delivery: Delivery) -> int:
    """Return the function's status, or 503 when it cannot be reached."""
    try:
        answer = pool.request("POST", url, body=delivery.body, headers=dict(delivery.headers))
    except urllib3.exceptions.HTTPError:
        return 503
    return answer.status


def main(arguments: list[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m attune_local.stack.bridge", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--storage-route", nargs=2, action="append", default=[], metavar=("TRIGGER", "URL"))
    parser.add_argument("--storage-events", nargs="+", default=["finalized"], metavar="KIND")
    parser.add_argument("--topic-route", nargs=3, action="append", default=[], metavar=("TRIGGER", "TOPIC", "URL"))
    asked = parser.parse_args(arguments)
    routes = {trigger: storage_route(url, asked.storage_events) for trigger, url in asked.storage_route}
    routes |= {trigger: topic_route(url, asked.project, topic) for trigger, topic, url in asked.topic_route}
    waitress.serve(create_app(routes), host=HOST, port=asked.port, threads=THREADS)


if __name__ == "__main__":
    main()
