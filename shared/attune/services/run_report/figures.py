"""Figures: a run's report for programs. Rates and shares are of 1, times in seconds, moments in RFC 3339.

shape         of this document: 1; fields are added without a new one, and none is taken away or changes its type
dataset, run, state, reason, as_of
decision      null, or decision (pass, reject, hold), reason, checks: [name, passed, sentence]
job           null before it starts, or name, state, model, endpoint; base_model, started_from, epochs, alias
history       [state, at]
plan          null, or rows, hours, tokens, epochs, cost_usd, train_bytes, validation_rows, validation_bytes,
              left_out, validation_left_out, over, notes
actual        train_rows, train_bytes, train_tokens, train_hours, validation_rows, validation_bytes, dropped_rows,
              learned_rows; null what there is not yet
dropped       a sample: [line, path, reason]
evaluation    null, or at, examples, held_out, normalisation,
              contenders: {role: target, model, run, dataset}, absent: {role: why},
              scores: {role: examples, wer, wer_interval, cer, words and characters (substitutions, insertions,
              deletions, length), casing, punctuation, mismatch, mismatch_interval, targets, exact, flaws: {flaw:
              answers}, silence_words, median_seconds, slow_seconds, input_tokens, output_tokens, cost_usd},
              comparisons: [against, measure, improvement, interval, margin, probability],
              slices: [cut, name, examples, measure, rates: {role: rate}]
worst         [pair, path, task, seconds, reference, answers: {role: text, failure, errors, flaws, finish}]
curve         [run, rows, decision, examples, wer, wer_interval, mismatch, mismatch_interval], the oldest first
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

import orjson

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.scores import Comparison, Interval, Measure, Score
from attune.domain.evaluation.verdict import Evaluation, Verdict
from attune.domain.run import DataFile, Plan, Run
from attune.services.run_report.facts import Point, RunReport, Utterance, trained_rows
from attune.services.run_report.worst import errors, worst

SHAPE = 1
_OPTIONS = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS
_HOUR = 3600
_PLANNED = (
    *("rows", "hours", "tokens", "epochs", "cost_usd", "train_bytes", "validation_rows", "validation_bytes"),
    *("left_out", "validation_left_out", "over", "notes"),
)
_Told = dict[str, object]


def as_json(report: RunReport) -> bytes:
    """The document, in UTF-8."""
    run, evaluation = report.run, report.evaluation
    told: _Told = {
        "shape": SHAPE,
        "dataset": run.dataset,
        "run": run.id,
        "state": run.state,
        "reason": run.reason,
        "as_of": report.at,
        "decision": _decision(evaluation.verdict if evaluation else None),
        "job": _job(run),
        "history": [{"state": step.state, "at": step.at} for step in run.history],
        "plan": _plan(run.plan),
        "actual": _actual(run),
        "dropped": [asdict(each) for each in run.dropped],
        "evaluation": _evaluation(evaluation) if evaluation else None,
        "worst": [_utterance(each) for each in worst(report.utterances)],
        "curve": [_point(each) for each in report.curve],
    }
    return orjson.dumps(told, option=_OPTIONS)


def _decision(verdict: Verdict | None) -> _Told | None:
    return asdict(verdict) if verdict else None


def _job(run: Run) -> _Told | None:
    if run.job is None:
        return None
    recipe = run.recipe
    return {
        "name": run.job,
        "state": run.job_state,
        "model": run.model,
        "endpoint": run.endpoint,
        "base_model": recipe.base_model if recipe else None,
        "started_from": run.started_from,
        "epochs": recipe.epochs if recipe else None,
        "alias": recipe.alias if recipe else None,
    }


def _plan(plan: Plan | None) -> _Told | None:
    return {name: getattr(plan, name) for name in _PLANNED} if plan else None


def _actual(run: Run) -> _Told:
    return {
        **_file("train", run.train),
        "train_tokens": run.train.tokens if run.train else None,
        "train_hours": run.train.seconds / _HOUR if run.train else None,
        **_file("validation", run.validation),
        "dropped_rows": run.dropped_count if run.job else None,
        "learned_rows": trained_rows(run) if run.job else None,
    }


def _file(name: str, file: DataFile | None) -> _Told:
    return {f"{name}_rows": file.rows if file else None, f"{name}_bytes": file.part.size if file else None}


def _evaluation(evaluation: Evaluation) -> _Told:
    return {
        "at": evaluation.at,
        "examples": evaluation.examples,
        "held_out": evaluation.held_out,
        "normalisation": evaluation.normalisation,
        "contenders": {
            each.role: {"target": each.target, "model": each.model, "run": each.run, "dataset": each.dataset}
            for each in evaluation.contenders
        },
        "absent": dict(evaluation.absent),
        "scores": {role: _score(score) for role, score in evaluation.scores.items()},
        "comparisons": [_comparison(each) for each in evaluation.comparisons],
        "slices": [
            {
                "cut": each.cut,
                "name": each.name,
                "examples": each.examples,
                "measure": each.measure,
                "rates": dict(each.rates),
            }
            for each in evaluation.slices
        ],
    }


def _score(score: Score) -> _Told:
    return {
        "examples": score.examples,
        **_rates(score),
        "cer": score.characters.rate,
        "words": asdict(score.words),
        "characters": asdict(score.characters),
        "casing": score.casing,
        "punctuation": score.punctuation,
        "silence_words": score.silence_words,
        "targets": score.targets,
        "exact": score.exact,
        "flaws": dict(score.flaws),
        "median_seconds": score.median_seconds,
        "slow_seconds": score.slow_seconds,
        "input_tokens": score.input_tokens,
        "output_tokens": score.output_tokens,
        "cost_usd": score.cost_usd,
    }


def _rates(score: Score) -> _Told:
    return {
        "wer": score.rate(Measure.WER),
        "wer_interval": _interval(score.wer),
        "mismatch": score.rate(Measure.MISMATCH),
        "mismatch_interval": _interval(score.mismatch),
    }


def _comparison(comparison: Comparison) -> _Told:
    return {
        "against": comparison.against,
        "measure": comparison.measure,
        "improvement": comparison.improvement,
        "interval": _interval(comparison.interval),
        "margin": comparison.margin,
        "probability": comparison.probability,
    }


def _interval(interval: Interval | None) -> Mapping[str, float] | None:
    return {"low": interval.low, "high": interval.high} if interval else None


def _utterance(utterance: Utterance) -> _Told:
    example = utterance.example
    return {
        "pair": example.pair,
        "path": example.path,
        "task": example.task,
        "seconds": example.seconds,
        "reference": example.reference,
        "answers": {role: _answer(utterance, role) for role in utterance.answers},
    }


def _answer(utterance: Utterance, role: Role) -> _Told:
    answer, mark = utterance.answers[role], utterance.marks.get(role)
    return {
        "text": answer.text,
        "failure": answer.failure,
        "finish": answer.finish,
        "errors": errors(mark) if mark else None,
        "flaws": list(mark.flaws) if mark else [],
    }


def _point(point: Point) -> _Told:
    rates = _rates(point.score)
    return {
        "run": point.run,
        "rows": point.rows,
        "decision": point.decision,
        "examples": point.score.examples,
        **rates,
    }
