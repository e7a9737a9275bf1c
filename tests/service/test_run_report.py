"""A run's report: that its figures are the evaluation's, what it says without one, and that words are only text."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.example import Answer
from attune.domain.evaluation.score import Edits, Flaw, Mark
from attune.domain.evaluation.scores import Interval, Measure, Score
from attune.domain.evaluation.verdict import Decision, Evaluation, Verdict
from attune.domain.run import RunState, opened
from attune.services.evaluate.places import run_figures_name, run_page_name
from attune.services.run_report import plots
from attune.services.run_report.diff import MOST_WORDS, Change, diff
from attune.services.run_report.facts import Point, RunReport, Utterance, point
from attune.services.run_report.figures import as_json
from attune.services.run_report.page import render
from attune.services.run_report.wording import lapse, points, rate, size, usd
from attune.services.run_report.worst import worst
from measured import NOW, a_report, a_run, a_score, an_evaluation, an_utterance, earlier, utterances
from pages import HOSTILE, UNSEEN, Read, taken_apart

KEYS = {
    *("shape", "dataset", "run", "state", "reason", "as_of", "decision", "job", "history", "plan", "actual"),
    *("dropped", "evaluation", "worst", "curve"),
}
BARE = RunReport(opened("interviews", 7, 100, NOW), NOW)


def read(report: RunReport) -> Read:
    return taken_apart(render(report))


def figures(report: RunReport) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(as_json(report))
    return told


def exact(at: int, *, right: bool) -> Utterance:
    """A label, answered rightly or not."""
    plain = an_utterance(at, "calm", {Role.CHALLENGER: "calm"}, {Role.CHALLENGER: Edits()})
    return replace(plain, marks={Role.CHALLENGER: Mark(exact=right)})


# --- the page ---------------------------------------------------------------------------------------------------


def test_scores_stand_side_by_side_with_their_intervals() -> None:
    page = read(a_report())
    board = {row[0]: row[1:] for row in page.cells["scoreboard"]}
    assert board[""] == ["base", "champion", "challenger"]
    assert board["Word error rate"][2] == "9.1\u202f%7.4\u202f% to 10.9\u202f%"
    assert board["Words"][1] == "122 of 1,00061 sub, 30 ins, 31 del"
    assert board["Character error rate"][0].startswith("13.6\u202f%")
    assert board["Casing errors"] == ["26", "13", "10"]
    assert board["Punctuation errors"] == ["48", "24", "18"]
    assert board["Answers: runaway repetition"] == ["4", "2", "1"]
    assert board["Latency"][0] == "0.81 s2.40 s at the 95th"
    assert board["Cost of the answers"] == ["\u2013", "0.0312 USD", "0.0312 USD"]
    assert "Not answered exactly" not in board


def test_the_decision_stands_first_with_its_reason_and_every_check() -> None:
    evaluation = an_evaluation(Decision.REJECT)
    assert evaluation.verdict
    text = read(a_report(evaluation=evaluation)).text
    assert text.index("The gate rejected it") < text.index(evaluation.verdict.reason) < text.index("Scores")
    for check in evaluation.verdict.checks:
        assert f"{'✓ met' if check.passed else '✗ missed'} {check.sentence}" in text


def test_the_comparisons_are_sentences_with_their_probability() -> None:
    text = read(a_report()).text
    assert "3.1 points better than the champion (95 %: +0.2 to +5.8); any improvement has a" in text
    assert "probability of 97.4 %." in text
    worse = replace(an_evaluation().comparisons[0], improvement=-0.02, margin=-0.01, probability=0.2)
    told = read(a_report(evaluation=replace(an_evaluation(), comparisons=(worse,)))).text
    assert "2.0 points worse than the champion" in told
    assert "more than -1.0 points has a probability of 20.0 %." in told


def test_the_plan_stands_beside_what_came_of_it() -> None:
    page = read(a_report())
    lines = {row[0]: row[1:] for row in page.cells["planned"][1:]}
    assert lines["Training rows"] == ["1,100", "1,100"]
    assert lines["Rows learned from whole"][1] == "1,097"
    assert lines["Training file"] == ["700 kB", "700 kB"]
    assert lines["Cost of tuning"] == ["6.06 USD", "see the bill"]
    assert "calls/monday/0017 line 17: The example has no text." in page.text
    assert "and 2 more, which it does not name" in page.text
    assert [row[0] for row in page.cells["history"][1:]] == [step.state.value for step in a_run().history]
    assert page.cells["history"][1][2] == "10 min"


def test_slices_and_the_curve_are_drawn_with_their_figures() -> None:
    page = read(a_report())
    assert "calls/tuesday 44 utterances" in page.text
    rows = page.cells["curve-wer-figures"][1:]
    assert [row[0] for row in rows] == ["r000002", "r000004", "r000006", "r000007"]
    assert rows[1][2:] == ["26.0\u202f%22.0\u202f% to 31.0\u202f%", "rejected"]
    assert rows[3][1] == "1,097"
    ids = {attributes.get("id") for _, attributes in page.elements}
    drawings = [each for each in page.of("svg") if "aria-labelledby" in each]
    assert len(drawings) == 2
    assert all({each["aria-labelledby"], each["aria-describedby"]} <= ids for each in drawings)


def test_the_worst_answers_stand_with_what_was_added_and_what_is_missing() -> None:
    page = render(a_report()).decode()
    listed = page[page.index('<ol class="worst">') :]
    assert re.findall(r'<li><bdi class="path">(.*?)</bdi>', listed)[:3] == [f"calls/monday/000{at}" for at in (0, 2, 1)]
    assert "was given <del>fifteen</del> <ins>fifty</ins> milligrams" in listed
    assert '<span class="written">thursday</span>' in listed
    assert "6 errors in 12 words" in listed
    assert "What the others answered" in listed


def test_an_answer_that_failed_or_is_empty_says_so() -> None:
    (first, *_) = utterances()
    failed = replace(first, answers={**first.answers, Role.CHALLENGER: Answer("", 1.0, failure="It was blocked.")})
    assert "No answer: It was blocked." in read(a_report(utterances=[failed])).text
    silent = an_utterance(1, "", {Role.CHALLENGER: ""}, {Role.CHALLENGER: Edits()})
    flawed = replace(silent, marks={Role.CHALLENGER: Mark(flaws=(Flaw.OVERLONG,))})
    text = read(a_report(utterances=[flawed])).text
    assert "0 errors in 0 words, far too long" in text
    assert "Nothing was said, and nothing answered." in text


def test_targets_are_told_by_whether_they_were_exact() -> None:
    scores = {Role.CHALLENGER: Score(20, mismatch=Interval(0.1, 0.4), targets=20, exact=15)}
    evaluation = replace(an_evaluation(), scores=scores, comparisons=(), slices=())
    page = read(a_report(evaluation=evaluation, utterances=[exact(1, right=True), exact(2, right=False)]))
    board = {row[0]: row[1:] for row in page.cells["scoreboard"]}
    assert board["Not answered exactly"] == ["25.0\u202f%15 of 20 exact, 10.0\u202f% to 40.0\u202f%"]
    assert "Word error rate" not in board
    assert "The worst 1" in page.text
    assert "not exact" in page.text


def test_who_could_not_be_measured_is_named_with_why() -> None:
    evaluation = an_evaluation()
    scores: dict[Role, Score] = {role: score for role, score in evaluation.scores.items() if role is not Role.BASE}
    absent = replace(evaluation, scores=scores, absent={Role.BASE: "It is not served in this region."})
    page = read(a_report(evaluation=absent))
    assert "The base could not be measured: It is not served in this region." in page.text
    assert page.cells["scoreboard"][0] == ["", "champion", "challenger"]


@pytest.mark.parametrize("state", [RunState.OPENED, RunState.FAILED, RunState.CANCELLED])
def test_a_run_that_was_never_measured_has_a_page_too(state: RunState) -> None:
    run = BARE.run if state is RunState.OPENED else BARE.run.to(state, NOW + timedelta(minutes=3), "It is as it is.")
    page = read(replace(BARE, run=run))
    assert "Nothing was measured of this run's model." in page.text
    assert "before its plan was made" in page.text
    assert ("It is as it is." in page.text) is (state is not RunState.OPENED)
    assert "The worst" not in page.text
    assert "What more data brought" not in page.text


def test_a_run_held_without_a_hold_out_says_that_a_person_decides() -> None:
    nothing = Evaluation(NOW, 0, 0, "none", verdict=Verdict(Decision.HOLD, "Nothing was measured."))
    text = read(a_report(evaluation=nothing, utterances=[])).text
    assert "A person decides Nothing was measured." in text
    assert "On 0 of 0 held-out utterances" in text
    assert "No answer of the challenger has an error." in text


def test_it_asks_for_nothing_and_runs_nothing() -> None:
    page = read(a_report())
    tags = {name for name, _ in page.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "form", "base", "video", "audio"}
    addresses = {value for _, each in page.elements for name, value in each.items() if name in {"href", "src"}}
    assert addresses == {"r000007.json", "../report.html", "data:,"}
    policy = [each for each in page.of("meta") if each.get("http-equiv") == "Content-Security-Policy"]
    assert [each["content"] for each in policy] == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    ids = [each["id"] for _, each in page.elements if "id" in each]
    assert len(ids) == len(set(ids))


def test_its_links_lead_to_where_the_other_files_are() -> None:
    assert run_page_name(a_run()).rpartition("/")[0] == run_figures_name(a_run()).rpartition("/")[0]
    assert run_figures_name(a_run()).endswith("/r000007.json")
    assert run_page_name(a_run()) == "reports/interviews/runs/r000007.html"


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_names_and_words_are_text_wherever_they_stand(text: str) -> None:
    (first, *_) = utterances()
    said = {role: replace(answer, text=f"{text} x") for role, answer in first.answers.items()}
    heard = replace(first, example=replace(first.example, path=text, task=text, reference=f"y {text}"), answers=said)
    evaluation = an_evaluation()
    slices = tuple(replace(each, name=text) for each in evaluation.slices)
    shown = a_report(
        run=replace(a_run(), dataset=text, reason=text, job=text, model=text),
        evaluation=replace(evaluation, normalisation=text, slices=slices, absent={Role.BASE: text}),
        utterances=[heard],
    )
    page = read(shown)
    assert {tag for tag, _ in page.elements} <= {tag for tag, _ in read(a_report()).elements}
    assert not [attribute for _, each in page.elements for attribute in each if attribute.startswith("on")]
    expected = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in text)
    assert "".join(page.texts).count(expected) >= 9
    assert not UNSEEN.search("".join(page.texts))
    assert figures(shown)["dataset"] == text


def test_joiners_that_make_words_are_kept() -> None:
    persian = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    (first, *_) = utterances()
    heard = replace(first, answers={**first.answers, Role.CHALLENGER: Answer(persian, 1.0)})
    assert persian in read(a_report(utterances=[heard])).text


# --- the figures ------------------------------------------------------------------------------------------------


def test_the_figures_are_the_evaluations() -> None:
    told, evaluation = figures(a_report()), an_evaluation()
    assert set(told) == KEYS
    assert told["shape"] == 1
    for role, score in evaluation.scores.items():
        shown = told["evaluation"]["scores"][role.value]
        assert shown["wer"] == score.words.rate
        assert shown["cer"] == score.characters.rate
        assert shown["wer_interval"] == {"low": score.wer.low, "high": score.wer.high} if score.wer else None
        assert shown["flaws"] == {"runaway": score.flaws[Flaw.RUNAWAY]}
    assert [each["probability"] for each in told["evaluation"]["comparisons"]] == [0.974, 1.0]
    assert told["evaluation"]["slices"][3]["rates"] == {"challenger": 0.08}
    assert told["decision"]["checks"][1]["passed"] is False
    assert told["actual"] == {
        "train_rows": 1100,
        "train_bytes": 700123,
        "train_tokens": 404000,
        "train_hours": 3.5,
        "validation_rows": 104,
        "validation_bytes": 66001,
        "dropped_rows": 3,
        "learned_rows": 1097,
    }
    assert [each["run"] for each in told["curve"]] == ["r000002", "r000004", "r000006", "r000007"]
    assert [each["answers"]["challenger"]["errors"] for each in told["worst"]] == [6, 3, 1]


def test_every_field_of_a_bare_run_is_there_too() -> None:
    told = figures(BARE)
    assert set(told) == KEYS
    assert [told[name] for name in ("decision", "job", "plan", "evaluation", "reason")] == [None] * 5
    assert set(told["actual"].values()) == {None}
    assert told["worst"] == told["curve"] == told["dropped"] == []


def test_the_same_report_has_the_same_bytes() -> None:
    assert as_json(a_report()) == as_json(a_report())
    assert render(a_report()) == render(a_report())


# --- parts ------------------------------------------------------------------------------------------------------


def test_at_most_twenty_are_worst_those_with_most_errors_first() -> None:
    many = [
        an_utterance(at, "a", {Role.CHALLENGER: "b"}, {Role.CHALLENGER: Edits(at % 30, length=99)}) for at in range(60)
    ]
    errors = [each.marks[Role.CHALLENGER].words.errors for each in worst(many)]
    assert errors == sorted((at % 30 for at in range(60)), reverse=True)[:20]
    assert worst([exact(1, right=True)]) == []


def test_a_diff_tells_substitutions_insertions_and_what_is_written_otherwise() -> None:
    found = diff("The cat sat, on a mat", "the cat sat on the red mat")
    assert [(piece.change, piece.text) for piece in found.pieces] == [
        (Change.WRITTEN, "the"),
        (Change.SAME, "cat"),
        (Change.WRITTEN, "sat"),
        (Change.SAME, "on"),
        (Change.DELETED, "a"),
        (Change.INSERTED, "the red"),
        (Change.SAME, "mat"),
    ]


def test_scripts_without_spaces_are_told_apart_by_their_characters() -> None:
    found = diff("今日は晴れ", "今日は雨")
    assert [(piece.change, piece.text) for piece in found.pieces] == [
        (Change.SAME, "今日は"),
        (Change.DELETED, "晴れ"),
        (Change.INSERTED, "雨"),
    ]


def test_a_runaway_answer_is_cut_and_says_by_how_much() -> None:
    found = diff("so it is", "so " * 5_000)
    assert found.answer_left == 5_000 - MOST_WORDS
    assert (
        "4,700 more words"
        in read(
            a_report(
                utterances=[an_utterance(1, "so it is", {Role.CHALLENGER: "so " * 5_000}, {Role.CHALLENGER: Edits(9)})]
            )
        ).text
    )


WORDS = st.lists(st.sampled_from(["a", "B", "b,", "c", "…", "ü", "天", "nach"]), max_size=12).map(" ".join)


@given(reference=WORDS, answer=WORDS)
@settings(max_examples=60, deadline=None)
def test_a_diffs_pieces_are_both_texts(reference: str, answer: str) -> None:
    pieces = diff(reference, answer).pieces
    said = "".join(f" {piece.text}" for piece in pieces if piece.change is not Change.DELETED)
    assert said.split() == answer.split()
    left = "".join(f" {piece.text}" for piece in pieces if piece.change is not Change.INSERTED)
    assert len(left.split()) == len(reference.split())


def test_the_curve_goes_from_few_rows_to_many_whatever_the_order_of_the_runs() -> None:
    runs = tuple(reversed(earlier()))
    drawn = plots.curve(runs, Measure.WER, 0.241)
    assert drawn
    assert [dot.rows for dot in drawn.dots] == [96, 240, 520]
    xs, ys = [dot.x for dot in drawn.dots], [dot.y for dot in drawn.dots]
    assert xs == sorted(xs)
    assert ys[1] < ys[0] < ys[2]
    assert all(dot.high <= dot.y <= dot.low for dot in drawn.dots)
    assert drawn.base == pytest.approx(ys[0] - (ys[0] - ys[1]) * (0.241 - 0.212) / (0.26 - 0.212), abs=0.2)


@pytest.mark.parametrize("rows", [1, 2, 7, 96, 12_345, 10**7])
def test_a_curve_of_one_run_stands_in_the_middle_of_its_axis(rows: int) -> None:
    drawn = plots.curve([Point("r000001", rows, a_score(100, 0.08, 0.12))], Measure.WER, None)
    assert drawn
    (dot,) = drawn.dots
    assert dot.x == pytest.approx((plots.LEFT + plots.WIDTH - plots.RIGHT) / 2, abs=0.1)
    assert 1 <= len(drawn.across) <= 5
    assert all(plots.LEFT <= tick.at <= plots.WIDTH - plots.RIGHT for tick in drawn.across)


def test_a_perfect_score_and_one_of_more_errors_than_words_are_drawn() -> None:
    for wrong in (0, 3_000):
        score = a_score(wrong, wrong / 1_000, wrong / 1_000)
        evaluation = replace(an_evaluation(), scores={Role.CHALLENGER: score}, slices=(), comparisons=())
        (drawn,) = plots.scores(evaluation)
        assert 0 <= drawn.lanes[0].at <= plots.WIDTH
        assert f"{wrong / 10:.1f}" in read(a_report(evaluation=evaluation, earlier=())).text


def test_a_run_without_rows_or_measures_is_no_point() -> None:
    assert point(a_run(), None) is None
    assert point(BARE.run, an_evaluation()) is None
    assert plots.curve([Point("r000001", 5, Score(0))], Measure.WER, None) is None


def test_figures_are_worded_as_people_read_them() -> None:
    assert (rate(None), rate(0.1234), points(-0.012)) == ("\u2013", "12.3\u202f%", "1.2 points")
    assert (usd(None), usd(0), usd(0.00123), usd(1234.5)) == ("\u2013", "0.00 USD", "0.0012 USD", "1,234.50 USD")
    assert (size(0), size(999), size(1_500), size(2_340_000_000_000_000)) == ("0 B", "999 B", "1.5 kB", "2.34e+03 TB")
    assert lapse(timedelta(seconds=0.4)) == "under 1 s"
    assert lapse(timedelta(days=1, hours=2, minutes=3)) == "1 d 2 h"
