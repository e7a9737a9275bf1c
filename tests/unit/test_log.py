"""The lines of our log: what Cloud Logging and Error Reporting read in them, and what may never stand in them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from attune import log
from attune.domain.pair import Pair, PairState
from attune.errors import UnavailableError
from attune.raised import stack, words
from attune.services.judge import judge

SECRET = "what was said in the recording"  # noqa: S105 - what must not be told, and no password
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture(autouse=True)
def _nothing_stays() -> Iterator[None]:
    yield
    log.end()


def caught(work: Callable[[], object]) -> BaseException:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it raises is what the test is about
        return error
    raise AssertionError("nothing was raised")


def test_a_line_has_a_severity_a_message_and_a_time(lines: Lines) -> None:
    log.logger().warning("slow", seconds=3)
    (line,) = lines()
    assert (line["severity"], line["message"], line["seconds"]) == ("WARNING", "slow", 3)
    assert line["time"].endswith("Z")


def test_what_is_below_information_is_not_written(lines: Lines) -> None:
    log.logger().debug("noise")
    assert lines() == []


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": TRACEPARENT},
        {"X-Cloud-Trace-Context": f"{TRACE}/13235353014750950193;o=1"},
        {"traceparent": TRACEPARENT, "X-Cloud-Trace-Context": f"{'1' * 32}/7;o=0"},
        {"traceparent": "nonsense", "X-Cloud-Trace-Context": f"{TRACE.upper()}/13235353014750950193;o=1"},
    ],
)
def test_a_requests_lines_carry_its_trace_by_either_header(headers: dict[str, str], lines: Lines) -> None:
    log.begin(headers, "our-project")
    log.logger().info("object")
    (line,) = lines()
    assert line["logging.googleapis.com/trace"] == f"projects/our-project/traces/{TRACE}"
    assert line["logging.googleapis.com/spanId"] == "b7ad6b7169203331"
    assert line["logging.googleapis.com/trace_sampled"] is True


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": TRACEPARENT.upper()},
        {"X-Cloud-Trace-Context": "1/2;o=1"},
        {"X-Cloud-Trace-Context": f"{TRACE}/99999999999999999999;o=1"},
        {"X-Cloud-Trace-Context": f"{TRACE};o=1"},
    ],
)
def test_a_header_that_names_no_place_is_passed_over(headers: dict[str, str], lines: Lines) -> None:
    log.begin(headers, "our-project")
    log.logger().info("object")
    (line,) = lines()
    assert not any(name.startswith("logging.googleapis.com") for name in line)


def test_without_a_project_there_is_no_trace_to_name(lines: Lines) -> None:
    log.begin({"traceparent": TRACEPARENT}, None)
    log.logger().info("object")
    assert "logging.googleapis.com/trace" not in lines()[0]


def test_a_requests_lines_carry_its_execution_where_functions_framework_puts_it(lines: Lines) -> None:
    log.begin({"Function-Execution-Id": "abc123"}, "our-project")
    log.logger().info("object")
    assert lines()[0]["logging.googleapis.com/labels"] == {"execution_id": "abc123"}


def test_what_a_request_is_about_stands_in_all_its_lines_and_in_none_of_the_next_ones(lines: Lines) -> None:
    log.begin({"Function-Execution-Id": "one", "traceparent": TRACEPARENT}, "our-project")
    log.bind(dataset="interviews", pair="p1")
    log.logger().info("object")
    log.logger().info("again", pair="p2")
    log.begin({}, "our-project")
    log.logger().info("tick")
    first, again, next_one = lines()
    assert (first["dataset"], first["pair"]) == ("interviews", "p1")
    assert (again["dataset"], again["pair"]) == ("interviews", "p2")
    assert next_one.keys() == {"severity", "message", "time"}


def test_what_lines_within_are_about_is_no_more_said_behind_them_even_after_an_error(lines: Lines) -> None:
    def work() -> None:
        with log.about(run="r000001"):
            log.logger().info("within")
            raise UnavailableError("no answer")

    with log.about(dataset="interviews"):
        caught(work)
        log.logger().info("behind")
    within, behind = lines()
    assert (within["dataset"], within["run"]) == ("interviews", "r000001")
    assert "run" not in behind


def test_an_exception_stands_in_its_line_as_a_python_traceback(lines: Lines) -> None:
    def fail() -> None:
        raise UnavailableError("Firestore did not answer runs/r1")

    try:
        fail()
    except UnavailableError:
        log.logger().exception("could not go on")
    (line,) = lines()
    assert line["severity"] == "ERROR"
    assert line["stack_trace"].startswith("Traceback (most recent call last):\n")
    assert 'raise UnavailableError("Firestore did not answer runs/r1")' in line["stack_trace"]
    assert line["stack_trace"].endswith("attune.errors.UnavailableError: Firestore did not answer runs/r1")
    assert "exception" not in line


@pytest.mark.parametrize(
    "work",
    [
        lambda: int(SECRET),
        lambda: dict[str, str]()[SECRET],
        lambda: getattr(object(), SECRET),
        lambda: json.loads(f"[{SECRET}]"),
        lambda: log.begin(SECRET, None),  # type: ignore[arg-type]  # the error is Python's own, in a function of ours
        lambda: (_ for _ in ()).throw(RuntimeError(SECRET)),
    ],
)
def test_what_a_library_says_of_content_is_left_out(work: Callable[[], object]) -> None:
    error = caught(work)
    assert SECRET not in words(error)
    assert SECRET not in stack(error)
    assert type(error).__name__ in words(error)


def test_the_cause_is_told_first_and_without_what_it_quotes() -> None:
    def work() -> None:
        try:
            int(SECRET)
        except ValueError as quoting:
            raise UnavailableError("the count cannot be read") from quoting

    told = stack(caught(work))
    assert SECRET not in told
    assert told.index("ValueError") < told.index("was the direct cause of") < told.index("the count cannot be read")


def test_what_our_own_code_raises_in_so_many_words_is_told() -> None:
    pair = Pair("interviews", "one", PairState.WAITING, datetime.now(UTC))
    unused: Any = None
    error = caught(lambda: judge(pair, unused, unused, unused, unused, unused))
    assert words(error) == "ValueError: interviews/one is not complete"


def test_an_exception_that_leads_back_to_itself_is_told_once() -> None:
    one, other = UnavailableError("one"), UnavailableError("other")
    one.__context__, other.__context__ = other, one
    assert stack(one).count("Traceback") == 2


LIBRARIES = """
import logging, sys, threading, warnings
from attune.adapters.libraries import listen_to_libraries

logging.basicConfig(stream=sys.stderr)  # as functions-framework sets it up, too
listen_to_libraries()
listen_to_libraries()
library = logging.getLogger("google.somewhere")
library.setLevel(logging.DEBUG)
library.debug("the body")
library.info("more of the body")
library.warning('it was sent "two words and more" and {the: body}')
logging.getLogger("urllib3").error("no connection")
warnings.warn("old", DeprecationWarning)
warnings.warn("soon gone", UserWarning)
thread = threading.Thread(target=lambda: int("SECRET"))
thread.start()
thread.join()
raise LookupError("SECRET")
"""


def test_what_libraries_say_comes_out_as_lines_once_each_and_without_bodies() -> None:
    done = subprocess.run([sys.executable, "-c", LIBRARIES], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr == ""
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(line["severity"], line["message"].split(":")[0]) for line in found] == [
        ("WARNING", 'it was sent "…" and'),
        ("ERROR", "no connection"),
        ("WARNING", "<string>"),
        ("WARNING", "<string>"),
        ("ERROR", "a thread ended"),
        ("CRITICAL", "the process ends"),
    ]
    assert [line["logger"] for line in found[:4]] == ["google.somewhere", "urllib3", "py.warnings", "py.warnings"]
    assert "SECRET" not in "".join(line["stack_trace"].splitlines()[-1] for line in found[4:])
