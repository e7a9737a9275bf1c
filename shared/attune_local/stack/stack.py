"""The local stack: every part in order, its addresses, and clients for it."""

import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType, TracebackType
from typing import Self
from uuid import uuid4

from google.cloud.firestore import Client as FirestoreClient
from google.cloud.pubsub_v1 import PublisherClient, SubscriberClient
from google.cloud.storage import Client as StorageClient

from attune_local.stack import clients, plan, provision
from attune_local.stack.emulators import Emulators, find_emulators
from attune_local.stack.inbox import Inbox
from attune_local.stack.loopback import HOST
from attune_local.stack.plan import Plan, Trigger, VertexPace
from attune_local.stack.processes import Command, Processes
from attune_local.stack.storage_server import find_storage_server, storage_server
from attune_local.stack.ticker import Ticker

PUBLISH_SECONDS = 30.0
# A staged folder is compiled when its first process starts, as a build would do it; a line is written when it is said.
PYTHON_SETTINGS = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONUNBUFFERED": "1"}


class Stack:
    """Use it as a context manager: inside, everything in the plan runs; outside, nothing does.

    Leaving by an exception, Ctrl-C or SIGTERM stops everything too, and on Linux so does the death of this process.
    Enter it from a thread that outlives it. Raises EmulatorsMissing before anything is started.
    """

    processes: Processes
    _publisher: PublisherClient
    _subscriber: SubscriberClient
    _storage: StorageClient
    _firestore: FirestoreClient

    def __init__(self, wanted: Plan = plan.EMULATORS_ONLY) -> None:
        self.plan = wanted
        self._closing = ExitStack()

    def __enter__(self) -> Self:
        emulators, binary = find_emulators(), find_storage_server()
        with ExitStack() as undo:
            _exit_on_sigterm(undo)
            self.processes = Processes(_logs(self.plan.logs, undo))
            undo.callback(self.processes.stop)
            self._start_emulators(emulators, undo)
            self._start_storage(binary, undo)
            if self.plan.vertex:
                self._start_vertex(self.plan.vertex)
            if self.plan.admin:
                self._start_admin()
            if self.plan.staged:
                self._start_functions(self.plan.staged)
            if self.plan.tick_seconds:
                self._start_ticker(self.plan.tick_seconds, undo)
            self._closing = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    @property
    def logs(self) -> Path:
        """The folder with a log for each process."""
        return self.processes.logs

    def address(self, name: str) -> str:
        """Return the host:port of firestore, pubsub, storage, vertex, admin, bridge, or a function by its name."""
        return f"{HOST}:{self.processes[name].port}"

    def url(self, name: str) -> str:
        """Return the base URL of the same."""
        return f"http://{self.address(name)}"

    def environment(self) -> dict[str, str]:
        """Return the variables that point `attune`, and any Google client, at this stack."""
        return {
            "ATTUNE_PROJECT": plan.PROJECT,
            "ATTUNE_REGION": plan.REGION,
            "ATTUNE_INTAKE_BUCKET": plan.INTAKE_BUCKET,
            "ATTUNE_DATASET_BUCKET": plan.DATASET_BUCKET,
            "ATTUNE_EVENTS_TOPIC": plan.EVENTS_TOPIC,
            "ATTUNE_LAUNCH_TOPIC": plan.LAUNCH_TOPIC,
            "ATTUNE_MAX_CONCURRENT_JOBS": "1",
            **({"ATTUNE_VERTEX_ENDPOINT": self.url("vertex")} if self.plan.vertex else {}),
            "GOOGLE_CLOUD_PROJECT": plan.PROJECT,
            "FIRESTORE_EMULATOR_HOST": self.address("firestore"),
            "PUBSUB_EMULATOR_HOST": self.address("pubsub"),
            "STORAGE_EMULATOR_HOST": self.url("storage"),
            # Else the storage client looks the bucket up in the background, for telemetry that nobody reads.
            "DISABLE_GCS_PYTHON_CLIENT_OTEL_BUCKET_METADATA": "true",
            "NO_GCE_CHECK": "true",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
            **self.plan.settings,
        }

    def storage_client(self) -> StorageClient:
        """Return the stack's own storage client, closed with the stack."""
        return self._storage

    def firestore_client(self) -> FirestoreClient:
        """Return the stack's own Firestore client, closed with the stack."""
        return self._firestore

    def publisher(self) -> PublisherClient:
        """Return the stack's own publisher, closed with the stack."""
        return self._publisher

    def subscriber(self) -> SubscriberClient:
        """Return the stack's own subscriber, closed with the stack."""
        return self._subscriber

    def publish(self, topic: str, data: bytes = b"", **attributes: str) -> str:
        """Publish to a topic by its short name and return the message's id."""
        future = self._publisher.publish(provision.topic_path(topic), data, **attributes)
        return str(future.result(timeout=PUBLISH_SECONDS))

    def tick(self) -> None:
        """Publish one tick, as Cloud Scheduler would."""
        self.publish(plan.TICK_TOPIC, b"{}")

    def subscribe(self, topic: str = plan.EVENTS_TOPIC) -> Inbox:
        """Return an inbox with everything that is published to the topic from now on, closed with the stack."""
        inbox = Inbox(self._subscriber, provision.make_pull(self._subscriber, f"inbox-{uuid4().hex}", topic))
        self._closing.callback(inbox.close)
        return inbox

    def restart(self, name: str) -> None:
        """Kill a process at once, as a crash would, and start it again on the same port."""
        self.processes.restart(name)

    def _start_emulators(self, emulators: Emulators, undo: ExitStack) -> None:
        self._start({"firestore": emulators.firestore, "pubsub": emulators.pubsub}, {})
        self._firestore = clients.firestore_client(self.address("firestore"), plan.PROJECT)
        undo.callback(self._firestore.close)
        self._publisher = clients.publisher(self.address("pubsub"))
        undo.callback(self._publisher.stop)
        self._subscriber = clients.subscriber(self.address("pubsub"))
        undo.callback(self._subscriber.close)
        provision.make_topics(self._publisher)
        provision.make_pull(self._subscriber, plan.EVENTS_SUBSCRIPTION, plan.EVENTS_TOPIC)

    def _start_storage(self, binary: Path, undo: ExitStack) -> None:
        def command(port: int) -> tuple[str, ...]:
            where = (plan.PROJECT, plan.INTAKE_BUCKET, plan.INTAKE_TOPIC)
            return storage_server(binary, port, *where, self.plan.objects)

        self._start({"storage": command}, {"PUBSUB_EMULATOR_HOST": self.address("pubsub")})
        self._storage = clients.storage_client(self.url("storage"), plan.PROJECT)
        undo.callback(self._storage.close)
        provision.make_buckets(self._storage)

    def _start_vertex(self, pace: VertexPace) -> None:
        def command(port: int) -> tuple[str, ...]:
            serve = (sys.executable, "-m", "attune_local.vertex", "--port", str(port))
            timing = ("--queue-seconds", str(pace.queue_seconds), "--run-seconds", str(pace.run_seconds))
            data = ("--storage-endpoint", self.url("storage"))
            heart = () if pace.listens else ("--by-heart",)
            return (*serve, *data, "--quota", str(pace.quota), *timing, *heart, *pace.options)

        self._start({"vertex": command}, PYTHON_SETTINGS)

    def _start_admin(self) -> None:
        def command(port: int) -> tuple[str, ...]:
            where = ("--project", plan.PROJECT, "--region", plan.REGION)
            buckets = ("--intake", plan.INTAKE_BUCKET, "--dataset", plan.DATASET_BUCKET)
            quota = str(self.plan.vertex.quota if self.plan.vertex else 1)
            serve = (sys.executable, "-m", "attune_local.admin", "--port", str(port))
            return (*serve, *where, *buckets, "--quota", quota)

        self._start({"admin": command}, PYTHON_SETTINGS)

    def _start_functions(self, staged: Path) -> None:
        environment = self.environment() | {"THREADS": str(self.plan.threads), **PYTHON_SETTINGS}
        for trigger in self.plan.triggers:
            folder = (staged / trigger.function).resolve()
            self.processes.launch(
                trigger.function, _function(trigger), environment | {"PYTHONPATH": str(folder)}, folder
            )
        self.processes.wait_ready()
        provision.make_trigger_subscriptions(self._subscriber, self.plan.triggers)
        self._start({"bridge": self._bridge}, self.environment() | PYTHON_SETTINGS)

    def _bridge(self, port: int) -> tuple[str, ...]:
        routes: list[str] = []
        for trigger in self.plan.triggers:
            kind = "--storage-route" if trigger.storage else "--topic-route"
            what = ",".join(trigger.storage) or trigger.topic
            routes += [kind, trigger.subscription, what, self.url(trigger.function)]
        serve = (sys.executable, "-m", "attune_local.stack.bridge", "--port", str(port), "--project", plan.PROJECT)
        backoff = ("--backoff", *map(str, self.plan.backoff_seconds))
        return (*serve, *routes, *backoff)

    def _start_ticker(self, seconds: float, undo: ExitStack) -> None:
        ticker = Ticker(self.tick, seconds)
        undo.callback(ticker.stop)
        ticker.start()

    def _start(self, commands: Mapping[str, Command], environment: Mapping[str, str]) -> None:
        for name, command in commands.items():
            self.processes.launch(name, command, environment, self.logs)
        self.processes.wait_ready()


def _function(trigger: Trigger) -> Command:
    def command(port: int) -> tuple[str, ...]:
        serve = (sys.executable, "-m", "functions_framework", "--host", HOST, "--port", str(port))
        return (*serve, "--source", "main.py", "--target", trigger.function, "--signature-type", "cloudevent")

    return command


def _logs(wanted: Path | None, undo: ExitStack) -> Path:
    """Return the folder for the logs; without a wish it is a temporary one, removed at the end."""
    if wanted:
        wanted.mkdir(parents=True, exist_ok=True)
        return wanted.resolve()
    return Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="attune-local-")))


def _exit_on_sigterm(undo: ExitStack) -> None:
    """Let SIGTERM leave the stack as any exception would, where Python allows it (in the main thread)."""
    if current_thread() is not main_thread():
        return

    def leave(number: int, _frame: FrameType | None) -> None:
        sys.exit(128 + number)

    undo.callback(signal.signal, signal.SIGTERM, signal.signal(signal.SIGTERM, leave))
