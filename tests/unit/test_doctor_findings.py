"""What is in order, what is not, and what could not be seen are never taken for one another."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator

import pytest
from rich.console import Console

from attune.cli.report import as_json, exit_code, tell
from attune.ports_project import UnseenError
from attune.services.doctor.findings import Fault, Finding, Status, judged, look, ok, problem, unseen, warning

GOOD, ODD, BAD = ok("a", "well"), warning("b", "odd", "look"), problem("c", "[red]broken", "mend it")
DARK = unseen("d", UnseenError("denied", "ask"))


@pytest.mark.parametrize(
    ("findings", "code"),
    [([], 0), ([GOOD], 0), ([GOOD, ODD], 0), ([GOOD, DARK], 2), ([DARK, ODD], 2), ([DARK, BAD, GOOD], 1)],
)
def test_the_exit_code_is_1_for_a_problem_2_for_what_was_not_seen_and_else_0(
    findings: list[Finding], code: int
) -> None:
    assert exit_code(findings) == code


def test_what_was_found_before_the_lights_went_out_is_kept() -> None:
    def check() -> Iterator[Finding]:
        yield GOOD
        raise UnseenError("denied", "ask")

    assert look("d", check) == [GOOD, DARK]


def test_something_without_a_fault_is_in_order() -> None:
    assert list(judged("a", [], "well")) == [GOOD]
    assert list(judged("b", [Fault(Status.WARNING, "odd", "look")], "well")) == [ODD]


def test_a_line_says_how_it_is_what_was_looked_at_and_what_to_do() -> None:
    written = io.StringIO()
    tell([GOOD, BAD, DARK], Console(file=written, highlight=False, soft_wrap=True))
    assert written.getvalue().splitlines() == [
        "ok       a: well",
        "problem  c: [red]broken",
        "         → mend it",
        "unseen   d: denied",
        "         → ask",
        "1 ok, 1 problem, 1 unseen",
    ]


def test_json_has_the_same_and_the_gravest_status() -> None:
    told = json.loads(as_json([GOOD, ODD]))
    assert told["status"] == "warning"
    assert told["findings"][1] == {"status": "warning", "about": "b", "said": "odd", "todo": "look"}
