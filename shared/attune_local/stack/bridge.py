"""Eventarc's part: take what Pub/Sub has and post to each function the CloudEvent that Google would.

    python -m attune_local.stack.bridge --port P --project PROJECT --storage-route SUBSCRIPTION KINDS URL

It pulls, because the emulator's push keeps two messages in flight and can keep them for good once they were refused.
A message is acknowledged when its function has answered with 2xx; until then it is posted again, later each time.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock, Timer

import urllib3
import waitress
from flask import Flask, Response, jsonify
from google.cloud.pubsub_v1 import SubscriberClient
from google.cloud.pubsub_v1.subscriber.message import Message
from google.cloud.pubsub_v1.types import FlowControl

from attune_local.stack.cloud_events import Delivery, Push, storage_delivery, storage_event, topic_delivery
from attune_local.stack.loopback import HOST

# The longest that an event function may run, and a little.
FUNCTION_SECONDS = 545
# Posts under way at once to one function.
THREADS = 8
MOST_HELD = 1_000

Translate = Callable[[Push], Delivery | None]


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long after a refusal a message is posted again, in seconds: doubled each time (Eventarc: 10 to 600)."""

    minimum: float = 0.1
    maximum: float = 5.0

    def seconds(self, refusals: int) -> float:
        """The wait after so many refusals in a row."""
        return float(min(self.maximum, self.minimum * 2.0 ** min(refusals - 1, 32)))


@dataclass(frozen=True, slots=True)
class Route:
    """Where a subscription's messages go, and what is made of them; a translation to None is an event to let pass."""

    url: str
    translate: Translate

    def deliver(self, push: Push, pool: urllib3.PoolManager) -> int:
        """Return the function's status; 204 for an event that it does not want, 503 when it cannot be reached."""
        delivery = self.translate(push)
        if delivery is None:
            return 204
        try:
            return pool.request("POST", self.url, body=delivery.body, headers=dict(delivery.headers)).status
        except urllib3.exceptions.HTTPError:
            return 503


def storage_route(url: str, kinds: Collection[str]) -> Route:
    """Return a route for a bucket's notifications of the given kinds."""
    return Route(url, lambda push: storage_delivery(push) if storage_event(push) in kinds else None)


def topic_route(url: str, project: str, topic: str) -> Route:
    """Return a route for every message of a topic."""
    return Route(url, lambda push: topic_delivery(push, project, topic))


@dataclass(slots=True)
class Courier:
    """Delivers one subscription's messages, several at once, each until its function has taken it."""

    subscription: str
    route: Route
    backoff: Backoff
    answers: Counter[int] = field(default_factory=Counter)
    _posts: urllib3.PoolManager = field(init=False)
    _threads: ThreadPoolExecutor = field(init=False)
    _lock: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._posts = urllib3.PoolManager(maxsize=THREADS, retries=False, timeout=FUNCTION_SECONDS)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=self.subscription)

    def start(self, subscriber: SubscriberClient, full_name: str) -> None:
        """Take messages from now on, in the background."""
        held = FlowControl(max_messages=MOST_HELD, max_lease_duration=FUNCTION_SECONDS * 10)
        subscriber.subscribe(full_name, callback=self._take, flow_control=held)

    def _take(self, message: Message) -> None:
        self._threads.submit(self._attempt, message, 0)

    def _attempt(self, message: Message, refusals: int) -> None:
        status = self.route.deliver(Push.of(message, self.subscription), self._posts)
        with self._lock:
            self.answers[status] += 1
        if 200 <= status < 300:  # noqa: PLR2004 - what Pub/Sub takes for an acknowledgement
            message.ack()
            return
        again = Timer(self.backoff.seconds(refusals + 1), self._threads.submit, (self._attempt, message, refusals + 1))
        again.daemon = True
        again.start()


def create_app(couriers: Iterable[Courier]) -> Flask:
    """Return the server that tells how each function has answered so far."""
    app = Flask(__name__)
    known = list(couriers)

    @app.get("/")
    def answers() -> Response:
        return jsonify({courier.subscription: {str(k): n for k, n in courier.answers.items()} for courier in known})

    return app


def main(arguments: list[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m attune_local.stack.bridge", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument(
        "--storage-route", nargs=3, action="append", default=[], metavar=("SUBSCRIPTION", "KINDS", "URL")
    )
    parser.add_argument("--topic-route", nargs=3, action="append", default=[], metavar=("SUBSCRIPTION", "TOPIC", "URL"))
    parser.add_argument("--backoff", nargs=2, type=float, default=(0.1, 5.0), metavar=("MINIMUM", "MAXIMUM"))
    asked = parser.parse_args(arguments)
    routes = {name: storage_route(url, kinds.split(",")) for name, kinds, url in asked.storage_route}
    routes |= {name: topic_route(url, asked.project, topic) for name, topic, url in asked.topic_route}
    couriers = [Courier(name, route, Backoff(*asked.backoff)) for name, route in routes.items()]
    subscriber = SubscriberClient()
    for courier in couriers:
        courier.start(subscriber, SubscriberClient.subscription_path(asked.project, courier.subscription))
    waitress.serve(create_app(couriers), host=HOST, port=asked.port, threads=1)


if __name__ == "__main__":
    main()
