"""What was said in a recording stands in no line of the log and in no exception, whatever goes wrong with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import redirect_stdout

import pytest

from attune import bootstrap, log
from attune.errors import AttuneError, RefusedError, UnavailableError
from attune.raised import stack, words
from service.scenes import drop, sound
from service.theatre import REMOTE, Stage

MARKER = "zebra marmalade"
TEXTS = {
    "good": f"she said {MARKER} twice".encode(),
    "not text": f"{MARKER} \xff\xfe".encode("latin-1"),
    "time stamps": f"[00:01] {MARKER}\n[00:02] {MARKER}".encode(),
    "mark-up": f"<b>{MARKER}</b> {{{MARKER}}}".encode(),
    "repeated": f"{MARKER} ".encode() * 40,
    "too much": f"{MARKER} ".encode() * 70_000,
    "odd characters": f"{MARKER}\0\ufffd\u202e".encode(),
}
_INGEST = tuple(f"{port}.{method}" for port in ("documents", "intake", "objects", "post") for method in REMOTE[port])


def failing_at(call: str, error: Exception) -> Callable[[str], Callable[[], None]]:
    def gate(name: str) -> Callable[[], None]:
        if name == call:
            raise error
        return lambda: None

    return gate


def told_by(work: Callable[[], object]) -> str:
    """Everything that is logged, and what is said of the exception it ends with."""
    out = io.StringIO()
    with redirect_stdout(out):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever it raises is what is looked at
            log.logger().error("it failed", exc_info=True)
            return out.getvalue() + words(error) + stack(error) + (str(error) if isinstance(error, AttuneError) else "")
    return out.getvalue()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_transcript_is_judged_without_a_word_of_it_in_verdict_log_or_exception(text: bytes) -> None:
    stage = Stage()
    told = told_by(lambda: drop(stage, "a", text=text))
    pair = stage.pair("a")
    assert pair is not None
    assert MARKER not in told
    assert MARKER not in repr((pair.reasons, pair.remarks))


@pytest.mark.parametrize("error", [UnavailableError("no answer"), RefusedError("no"), RuntimeError(MARKER)], ids=repr)
@pytest.mark.parametrize("call", _INGEST)
def test_what_fails_while_a_transcript_is_taken_in_tells_no_word_of_it(call: str, error: Exception) -> None:
    stage = Stage()
    stage.ingest(stage.upload("d/a.wav", sound("a")))
    arrival = stage.upload("d/a.txt", TEXTS["good"])
    assert MARKER not in told_by(lambda: bootstrap.ingest(stage.ports(failing_at(call, error)))(arrival))
