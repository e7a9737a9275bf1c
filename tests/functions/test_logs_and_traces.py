"""A function behind functions-framework and gunicorn, as it is deployed: what it logs, and which spans it keeps."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from attune.domain.names import pair_id

SECRET = "what was said in the recording"  # noqa: S105 - what must not be told, and no password
TRACE = "0af7651916cd43dd8448eb211c80319c"
SERVED = """
import logging, threading, warnings
import functions_framework
from flask import current_app
from attune.adapters.spans import tracer
from attune.entry.serving import about_dataset, about_object, attend, served
from attune.errors import UnavailableError
from attune.log import logger

attend(current_app)
together = threading.Barrier(2, timeout=30)
spans = tracer("file:" + __file__ + ".spans", "our-project", "attune-serve")


@functions_framework.cloud_event
@served("serve", lambda: spans)
def serve(event):
    what = event.data["what"]
    about_dataset(event["subject"])
    getattr(Served, what)(event)
    logger().info("served")


class Served:
    def plainly(event):
        logger().info("within")

    def together(event):
        together.wait()
        logger().info("beside")
        together.wait()

    def about_a_pair(event):
        about_object("interviews/one.wav", 3)
        logger().info("within")

    def with_libraries(event):
        logging.getLogger("google.cloud").debug(event.data["said"])
        logging.getLogger("google.cloud").warning("slow")
        warnings.warn("old")
        print(event.data["said"][:0] + "said")

    def passing(event):
        raise UnavailableError("Firestore did not answer runs/r1")

    def broken(event):
        int(event.data["said"])
"""


@dataclass(frozen=True, slots=True)
class Served:
    """The function's process, as its events and its lines reach it."""

    process: "subprocess.Popen[str]"
    port: int
    out: Path
    spans: Path

    def post(self, what: str, subject: str = "interviews", written: str | None = None, **headers: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        event = {"ce-id": "1", "ce-source": "s", "ce-specversion": "1.0", "ce-type": "t", "ce-subject": subject}
        message = {"message": {"attributes": {"ce-traceparent": written}}} if written else {}
        body = json.dumps({"what": what, "said": SECRET} | message)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", "/", body, {"content-type": "application/json"} | event | named)
        status = connection.getresponse().status
        connection.close()
        return status

    def lines(self) -> list[dict[str, Any]]:
        """What it has printed since it was last asked; all of it has to be lines of ours."""
        text = self.out.read_text()
        os.truncate(self.out, 0)
        return [json.loads(line) for line in text.splitlines()]


@contextmanager
def serving(folder: Path, **environment: str) -> Iterator[Served]:
    source = folder / "main.py"
    source.write_text(SERVED)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "functions_framework", "--target", "serve", "--source", str(source)]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    env = os.environ | {"ATTUNE_PROJECT": "our-project", "THREADS": "4"} | environment
    with (folder / "out").open("a") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=env, text=True)
    try:
        served = Served(process, port, folder / "out", Path(f"{source}.spans"))
        until(lambda: answers(port))
        yield served
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def until(there: Callable[[], bool]) -> None:
    late = time.monotonic() + 60
    while not there():
        assert time.monotonic() < late, "it did not come within a minute"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(autouse=True)
def _nothing_of_before(served: Served) -> None:
    served.lines()


def execution(line: Mapping[str, Any]) -> str:
    found: str = line["logging.googleapis.com/labels"]["execution_id"]
    return found


def test_an_events_lines_carry_its_execution_and_what_it_is_about(served: Served) -> None:
    assert served.post("plainly", Function_Execution_Id="abc") == 200
    within, behind = served.lines()
    assert (within["message"], behind["message"]) == ("within", "served")
    assert {execution(within), execution(behind)} == {"abc"}
    assert {within["dataset"], behind["dataset"]} == {"interviews"}


def test_an_event_without_an_execution_gets_one(served: Served) -> None:
    assert served.post("plainly") == 200
    within, behind = served.lines()
    assert execution(within) == execution(behind) != ""


def test_two_events_at_once_do_not_mix_what_they_are_about(served: Served) -> None:
    with ThreadPoolExecutor() as pool:
        posted = [pool.submit(served.post, "together", name, Function_Execution_Id=name) for name in ("one", "other")]
        assert [each.result() for each in posted] == [200, 200]
    found = served.lines()
    assert sorted(line["message"] for line in found) == ["beside", "beside", "served", "served"]
    assert all(line["dataset"] == execution(line) for line in found)


def test_nothing_of_an_event_is_told_of_the_next_one_on_its_thread(served: Served) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: served.post("about_a_pair"), range(8))) == {200}
    assert {line["pair"] for line in served.lines()} == {pair_id("interviews", "one")}
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: served.post("plainly"), range(8))) == {200}
    found = served.lines()
    assert len(found) == 16
    assert not any("pair" in line for line in found)


def test_what_libraries_say_is_a_line_too_with_what_the_event_is_about_and_without_noise(served: Served) -> None:
    assert served.post("with_libraries", Function_Execution_Id="abc") == 200
    text = served.out.read_text()
    os.truncate(served.out, 0)
    assert SECRET not in text
    found = [json.loads(line) for line in text.splitlines() if line != "said"]
    assert [(line["severity"], line.get("logger")) for line in found] == [
        ("WARNING", "google.cloud"),
        ("WARNING", "py.warnings"),
        ("INFO", None),
    ]
    assert {execution(line) for line in found} == {"abc"}
    assert {line["dataset"] for line in found} == {"interviews"}


def test_an_event_that_is_to_come_again_is_a_warning_and_no_error_to_look_into(served: Served) -> None:
    assert served.post("passing") == 500
    (line,) = served.lines()
    assert (line["severity"], line["dataset"]) == ("WARNING", "interviews")
    assert line["why"] == "Firestore did not answer runs/r1"
    assert "stack_trace" not in line


def test_what_is_broken_is_one_error_with_its_stack_and_without_what_was_said(served: Served) -> None:
    assert served.post("broken", traceparent=f"00-{TRACE}-b7ad6b7169203331-00") == 500
    text = served.out.read_text()
    assert SECRET not in text
    (line,) = served.lines()
    assert (line["severity"], line["dataset"]) == ("ERROR", "interviews")
    assert line["logging.googleapis.com/trace"] == f"projects/our-project/traces/{TRACE}"
    assert line["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert "in broken" in line["stack_trace"]


def test_what_is_no_http_is_refused_without_a_line_that_is_none_of_ours(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port)) as connection:
        connection.sendall(b"nonsense\r\n\r\n")
        connection.settimeout(30)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert all(line["severity"] in {"WARNING", "ERROR"} for line in served.lines())


def test_a_span_goes_on_from_where_its_message_was_written_and_is_linked_to_its_request(served: Served) -> None:
    sent, written = f"00-{'1' * 32}-{'2' * 16}-00", f"00-{TRACE}-b7ad6b7169203331-01"
    assert served.post("plainly", "event", traceparent=sent, ce_traceparent=written) == 200
    assert served.post("plainly", "message", written, traceparent=sent) == 200
    assert served.post("plainly", "request", traceparent=sent) == 200
    found = [json.loads(line) for line in served.spans.read_text().splitlines()]
    by_dataset = {span["attributes"].get("attune.dataset"): span for span in found}
    for name in ("event", "message"):
        assert by_dataset[name]["parent_id"] == "0xb7ad6b7169203331"
        assert by_dataset[name]["context"]["trace_id"] == f"0x{TRACE}"
        assert by_dataset[name]["links"][0]["context"]["trace_id"] == f"0x{'1' * 32}"
    assert by_dataset["request"]["context"]["trace_id"] == f"0x{'1' * 32}"
    within = next(line for line in served.lines() if line["message"] == "within")
    assert within["logging.googleapis.com/spanId"] == by_dataset["event"]["context"]["span_id"][2:]


def test_gunicorn_itself_speaks_in_our_lines(tmp_path: Path) -> None:
    with serving(tmp_path, GUNICORN_LOG_LEVEL="warning") as served:
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
        until(lambda: len(children.read_text().split()) == 1)
        os.kill(int(children.read_text()), signal.SIGKILL)
        until(lambda: "SIGKILL" in served.out.read_text())
        assert {line["logger"] for line in served.lines()} == {"gunicorn.error"}


def test_lines_stay_lines_where_functions_framework_adds_the_execution_too(tmp_path: Path) -> None:
    with serving(tmp_path, LOG_EXECUTION_ID="true") as served:
        assert served.post("broken", Function_Execution_Id="abc") == 500
        (line,) = served.lines()
    assert (line["severity"], execution(line)) == ("ERROR", "abc")
