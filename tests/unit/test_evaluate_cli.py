"""What `attune evaluate` prints and exits with, for people and for programs, and what it says where it cannot."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from attune.adapters.ear import LibraryEar
from attune.adapters.scoring import LibraryScorer
from attune.alias import Served
from attune.cli.app import app
from attune.cli.evaluate_report import Told, as_data_of, save, tell
from attune.cli.evaluate_targets import Named, as_trained, prices
from attune.config import Settings
from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answer, Example
from attune.domain.evaluation.gate import Limits
from attune.services.evaluate.folder import Chosen, PairFolder
from attune.services.evaluate.side_by_side import Bench
from attune.services.run_report import wording
from folders import good, put

AT = datetime(2026, 11, 23, tzinfo=UTC)
ENDPOINT = "projects/p/locations/us-central1/endpoints/123"
SAID = "the pilot boards the vessel at noon by the northern quay"
WORSE = "the pirate boards a vessel at noon"
WORST = "nothing whatever"


def attune(*arguments: object, **variables: str | None) -> Result:
    empty = {"ATTUNE_PROJECT": None, "GOOGLE_CLOUD_PROJECT": None, "FIRESTORE_EMULATOR_HOST": None, "COLUMNS": "200"}
    return CliRunner(env=empty | variables).invoke(app, ["evaluate", *map(str, arguments)])


def told(answers: Mapping[str, Sequence[str]], names: Mapping[str, str] | None = None, confidence: float = 0.9) -> Told:
    """What would be told of these answers, each to one of as many examples, the first contender's first."""
    count = len(next(iter(answers.values())))
    examples = tuple(Example(f"p{n}", f"{'ab'[n % 2]}/call-{n}", f"row{n}", 3.0, SAID) for n in range(count))
    roles = {target: Role.CHAMPION if place else Role.CHALLENGER for place, target in enumerate(answers)}
    contenders = [Contender(role, target, target) for target, role in roles.items()]
    heard = {
        target: {f"p{n}": Answer(text, 0.5 + n / 10, 90, 10) for n, text in enumerate(texts)}
        for target, texts in answers.items()
    }
    limits, scorer = Limits(confidence=confidence), LibraryScorer("en")
    bench = Bench(scorer, limits, lambda target, asked, said: asked + said if target == "paid" else None, AT)
    measured = bench.measure(examples, count + 2, contenders, heard)
    pairs = PairFolder(Path("/set"), Settings(), LibraryEar())
    chosen = Chosen(examples, count + 2, {"refused": 2}, {})
    known = {target: target for target in answers} | dict(names or {})
    return Told(pairs, chosen, known, tuple(contenders), heard, measured, limits, scorer, AT)


def printed(what: Told, worst: int = 0) -> str:
    out = io.StringIO()
    tell(what, Console(file=out, highlight=False, width=200), worst)
    return out.getvalue()


def line(text: str, label: str) -> list[str]:
    return next(found.split() for found in text.splitlines() if found.lstrip().startswith(label))


# --- what is told ------------------------------------------------------------------------------------------------


def test_contenders_stand_side_by_side() -> None:
    text = printed(told({"paid": [SAID] * 4, ENDPOINT: [WORSE] * 4, "pocketsphinx": [WORST] * 4}))
    assert "4 of 6 pairs were asked" in text
    assert "2: refused" in text
    assert "Transcribe this audio verbatim. (file_uri)" in text
    assert "endpoint 123" in text
    assert line(text, "WER")[:2] == ["WER", "0.0"]
    assert line(text, "of words") == ["of", "words", "44", "44", "44"]
    assert line(text, "substituted") == ["substituted", "0", "8", "8"]
    assert line(text, "deleted") == ["deleted", "0", "16", "36"]
    assert line(text, "cost") == ["cost", "400.00", "USD", wording.NONE, wording.NONE]
    assert line(text, "folder a") == ["folder", "a", "2", "WER", "0.0", "%", "54.5", "%", "100.0", "%"]
    assert text.count("compared  ") == 2
    assert "paid against endpoint 123: WER is 54.5 points lower" in text
    assert "better with a probability of 1.000, and 0.9 is asked for" in text


def test_the_first_is_better_only_if_it_is_better_than_every_other() -> None:
    good_one, bad_one = [SAID] * 4, [WORST] * 4
    assert told({"a": good_one, "b": [WORSE] * 4, "c": bad_one}).measured.better is True
    assert told({"a": [WORSE] * 4, "b": good_one, "c": bad_one}).measured.better is False
    assert told({"a": good_one, "b": good_one}).measured.better is False
    assert told({"a": good_one}).measured.better is None


def test_a_comparison_to_the_first_one_s_disadvantage_is_told_so() -> None:
    text = printed(told({"a": [WORSE] * 4, "b": [SAID] * 4}))
    assert "a against b: WER is 54.5 points higher" in text


def test_nothing_that_was_said_is_told_unless_it_is_asked_for() -> None:
    what = told({"a": [WORSE] * 2, "b": [SAID] * 2})
    data = json.dumps(as_data_of(what), default=str)
    for text in (printed(what), data):
        assert not [word for word in ("pilot", "pirate", "quay") if word in text]


def test_the_worst_are_told_with_what_was_said_and_what_was_heard() -> None:
    text = printed(told({"a": [SAID, WORSE, WORST], "b": [SAID] * 3}), worst=1)
    assert "worst 1           a/call-2: 11 errors, 3.0 s" in text
    assert f"a: [-{SAID}-]{{+{WORST}+}}" in text
    assert f"b: {SAID}" in text
    both = printed(told({"a": [SAID, WORSE, WORST]}), worst=9)
    assert "worst 2" in both
    assert "worst 3" not in both
    assert "the [-pilot-]{+pirate+} boards" in both.replace("-] {", "-]{")


def test_an_utterance_without_an_answer_is_told_with_the_reason() -> None:
    what = told({"a": [""] * 2})
    failed = {"a": {"p0": Answer("", 1.0, failure="the answer was withheld"), "p1": Answer(SAID, 1.0)}}
    assert "a: no answer: the answer was withheld" in printed(replace(what, answers=failed), worst=1)


def test_programs_are_told_every_figure() -> None:
    data = json.loads(json.dumps(as_data_of(told({"a": [SAID] * 4, "b": [WORSE] * 4}, {"a": "alias:x"})), default=str))
    assert (data["folder"], data["pairs"], data["examples"], data["left_out"]) == ("/set", 6, 4, {"refused": 2})
    first, second = data["contenders"]
    assert (first["name"], first["target"], first["rates"]["wer"]) == ("alias:x", "a", 0.0)
    assert second["score"]["words"] == {
        "substitutions": 8,
        "insertions": 0,
        "deletions": 16,
        "length": 44,
        "errors": 24,
        "rate": 24 / 44,
    }
    (comparison,) = data["comparisons"]
    assert comparison["against"] == "b"
    assert comparison["improvement"] == pytest.approx(24 / 44)
    assert set(comparison["interval"]) == {"low", "high"}
    assert {part["name"]: part["rates"]["alias:x"] for part in data["slices"] if part["cut"] == "folder"} == {
        "a": 0.0,
        "b": 0.0,
    }
    assert (data["better"], data["confidence"]) == (True, 0.9)


def test_a_page_has_what_is_printed_and_no_mark_up_of_others(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    save(told({"<b>a</b>": [WORSE] * 2, "b": [SAID] * 2}), page, 1)
    text = page.read_text()
    assert "WER" in text
    assert "&lt;b&gt;" in text
    assert "<b>" not in text


# --- what targets are --------------------------------------------------------------------------------------------


def test_what_an_alias_was_trained_with_is_what_is_asked() -> None:
    served = Served("x", ENDPOINT, "m", "d", "r000001", 1, "Write.", "A clerk.", {}, "inline_data", AT)
    settings = as_trained(Settings(), [Named("pocketsphinx"), Named("alias:x", served)])
    assert (settings.prompt, settings.system_instruction, settings.row_format) == ("Write.", "A clerk.", "inline_data")
    assert as_trained(Settings(), [Named("pocketsphinx")]) == Settings()


def test_only_what_is_asked_of_the_service_costs() -> None:
    targets = [Named("pocketsphinx"), Named("gemini-2.5-flash"), Named(ENDPOINT)]
    unknown, known = prices(targets, None), prices(targets, "gemini-2.5-flash")
    assert unknown("pocketsphinx", 1_000_000, 0) == 0.0
    assert unknown(ENDPOINT, 1_000_000, 0) is None
    assert known(ENDPOINT, 1_000_000, 0) == known("gemini-2.5-flash", 1_000_000, 0) == 1.0


# --- what it exits with ------------------------------------------------------------------------------------------


def test_one_target_alone_is_measured_and_exits_with_0_and_its_answers_are_kept(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    folder = good(tmp_path / "set", 1)
    arguments = (folder, "pocketsphinx", "--json", "--report", tmp_path / "page.html")
    done = attune(*arguments, XDG_CACHE_HOME=str(cache))
    assert done.exit_code == 0, done.output
    (contender,) = json.loads(done.stdout)["contenders"]
    assert contender["model"].startswith("pocketsphinx 5")
    assert contender["score"]["cost_usd"] == 0
    assert done.stderr == ""
    (kept,) = cache.rglob("*.jsonl")
    before = kept.read_bytes()
    assert attune(*arguments, XDG_CACHE_HOME=str(cache)).exit_code == 0
    assert kept.read_bytes() == before
    assert "WER" in (tmp_path / "page.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["no target"], "'no target' names nobody to ask: give an endpoint's resource name"),
        (["projects/p/endpoints/1"], "'projects/p/endpoints/1' names nobody to ask"),
        (["faster-whisper:"], "'faster-whisper:' names nobody to ask"),
        (["gemini-2.5-flash"], "Vertex AI is asked in a project's name: give it with --project."),
        (["alias:production"], "alias:production is an alias of a project: give it with --project."),
        (["pocketsphinx", "--against", "pocketsphinx"], "pocketsphinx is named twice"),
        (["faster-whisper:tiny"], "faster-whisper is not installed here: pip install faster-whisper"),
        (["pocketsphinx", "--language", "de-AT"], "pocketsphinx knows English alone, and not de-AT."),
        (["pocketsphinx", "--settings", "/nowhere.json"], "/nowhere.json cannot be read: No such file or directory"),
    ],
)
def test_what_cannot_be_asked_is_said_in_a_sentence_and_exits_with_2(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = attune(good(tmp_path / "set", 1), *arguments, XDG_CACHE_HOME=str(tmp_path))
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_without_a_good_pair_exits_with_2(tmp_path: Path) -> None:
    put(tmp_path / "set", "empty", b"", SAID)
    done = attune(tmp_path / "set", "pocketsphinx")
    assert (done.exit_code, "There is no pair to ask in" in done.stderr) == (2, True)
    assert attune(tmp_path / "none", "pocketsphinx").exit_code == 2


def test_answers_that_cannot_be_kept_exit_with_2(tmp_path: Path) -> None:
    folder = good(tmp_path / "set", 1)
    done = attune(folder, "pocketsphinx", "--answers", folder / "call-000.txt")
    assert (done.exit_code, "is no answer: give another file with --answers" in done.stderr) == (2, True)
    done = attune(folder, "pocketsphinx", "--answers", folder)
    assert (done.exit_code, "The evaluation broke off" in done.stderr) == (2, True)


def test_without_credentials_an_alias_cannot_be_looked_up(tmp_path: Path) -> None:
    nobody = {"HOME": str(tmp_path), "NO_GCE_CHECK": "true", "CLOUDSDK_CONFIG": str(tmp_path)}
    folder = good(tmp_path / "set", 1)
    done = attune(folder, "alias:x", "--project=p", **nobody, GOOGLE_APPLICATION_CREDENTIALS=None)
    assert done.exit_code == 2
    assert done.stderr.startswith("there are no Google credentials here\n")
