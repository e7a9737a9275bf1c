"""Judge: hold an evaluation against the gate's limits. Every limit is checked, whatever the others say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attune.domain.evaluation.contender import Role
from attune.domain.evaluation.gate import Limits, Unmeasured
from attune.domain.evaluation.score import Flaw
from attune.domain.evaluation.scores import Comparison, Measure, Score
from attune.domain.evaluation.verdict import Check, Decision, Evaluation, Verdict

_NAMES = {Measure.WER: "WER", Measure.MISMATCH: "share of targets missed"}
_FLAWED = (Flaw.FAILED, Flaw.EMPTY, Flaw.RUNAWAY, Flaw.OVERLONG)


def judge(evaluation: Evaluation, limits: Limits, train_rows: int, dropped_rows: int) -> Verdict:
    """The verdict on the challenger.

    It fails by any check. The bar is the champion, or the base model where there is none or it could not be measured;
    without either, or when it could not be measured itself, a person decides. Without a hold-out, and with one in which
    nothing is said, `limits.unmeasured` says what becomes of it.
    """
    dropped = list(_dropped(limits, train_rows, dropped_rows))
    challenger = evaluation.scores.get(Role.CHALLENGER)
    if not evaluation.examples:
        return _unmeasured("there is no hold-out to measure it on", limits, dropped)
    if challenger is None:
        return _held("it was not measured", evaluation, dropped)
    bar = next((role for role in (Role.CHAMPION, Role.BASE) if role in evaluation.scores), None)
    improvements = [_improvement(evaluation, each, limits) for each in evaluation.comparisons if each.against is bar]
    checks = (*improvements, *_absolute(challenger, limits), *_flaws(challenger, limits), *dropped)
    if bar is None:
        return _held("there is nobody to compare it with", evaluation, checks)
    if not improvements:
        return _unmeasured("nothing is said in the hold-out that a rate could be made of", limits, checks)
    return _verdict((*checks, *_slices(evaluation, bar, limits)))


def _failed(checks: Sequence[Check]) -> list[Check]:
    return [check for check in checks if not check.passed]


def _verdict(checks: tuple[Check, ...]) -> Verdict:
    """That of checks of which there is one at least."""
    if failed := _failed(checks):
        others = len(failed) - 1
        more = f" (and {others} more check{'s' if others > 1 else ''} failed)" if others else ""
        return Verdict(Decision.REJECT, f"{failed[0].sentence}{more}", checks)
    return Verdict(Decision.PASS, checks[0].sentence, checks)


def _held(what: str, evaluation: Evaluation, checks: Sequence[Check]) -> Verdict:
    if _failed(checks):
        return _verdict(tuple(checks))
    why = "; ".join(f"the {role} could not be measured ({reason})" for role, reason in evaluation.absent.items())
    return Verdict(Decision.HOLD, f"{what}{why and ': '}{why}; a person decides", tuple(checks))


def _unmeasured(why: str, limits: Limits, checks: Sequence[Check]) -> Verdict:
    if _failed(checks):
        return _verdict(tuple(checks))
    if limits.unmeasured is Unmeasured.PROMOTE:
        return Verdict(
            Decision.PASS, f"it was not measured: {why}; the settings promote it all the same", tuple(checks)
        )
    return Verdict(Decision.HOLD, f"it was not measured: {why}; a person decides", tuple(checks))


def _improvement(evaluation: Evaluation, found: Comparison, limits: Limits) -> Check:
    challenger = evaluation.scores[Role.CHALLENGER]
    examples = challenger.targets if found.measure is Measure.MISMATCH else challenger.examples - challenger.targets
    mine = challenger.rate(found.measure) or 0.0
    its = evaluation.scores[found.against].rate(found.measure) or 0.0
    passed = found.probability >= limits.confidence
    name, other = _NAMES[found.measure], f"the {found.against}'s"
    sentence = (
        f"{name} {mine:.1%} against {other} {its:.1%} on {examples} utterances: "
        f"{_better(found.improvement)}, [{100 * found.interval.low:+.1f}, {100 * found.interval.high:+.1f}] points; "
        f"the probability of {_asked(limits.min_improvement)} is {found.probability:.3f}, "
        f"and at least {limits.confidence:g} is asked for"
    )
    absent = evaluation.absent.get(Role.CHAMPION)
    if absent and found.against is Role.BASE:
        sentence += f"; the champion could not be measured ({absent})"
    return Check(f"improvement_{found.measure}", passed, sentence)


def _better(improvement: float) -> str:
    points = abs(100 * improvement)
    if not improvement:
        return "no better"
    return f"{points:.1f} points better" if improvement > 0 else f"{points:.1f} points worse"


def _asked(margin: float) -> str:
    if not margin:
        return "any improvement"
    points = abs(100 * margin)
    return (
        f"an improvement of more than {points:g} points" if margin > 0 else f"being less than {points:g} points worse"
    )


def _absolute(score: Score, limits: Limits) -> Iterator[Check]:
    figures = (
        ("max_wer", "WER", score.rate(Measure.WER), limits.max_wer),
        ("max_cer", "CER", score.characters.rate, limits.max_cer),
        ("max_mismatch", "share of targets missed", score.rate(Measure.MISMATCH), limits.max_mismatch),
    )
    for code, name, seen, most in figures:
        if most is not None and seen is not None:
            yield Check(code, seen <= most, f"{name} {seen:.1%}; at most {most:.1%} is let in")


def _flaws(score: Score, limits: Limits) -> Iterator[Check]:
    if limits.max_flawed_share is not None and score.examples:
        flawed = sum(score.flaws.get(flaw, 0) for flaw in _FLAWED)
        yield _share(
            "max_flawed_share",
            "answers failed, are empty, run away or are too long",
            flawed,
            score.examples,
            limits.max_flawed_share,
        )
    if limits.max_invalid_share is not None and score.targets:
        invalid = score.flaws.get(Flaw.INVALID, 0)
        yield _share("max_invalid_share", "targets are not valid", invalid, score.targets, limits.max_invalid_share)
    if limits.max_silence_words is not None and score.silence_words is not None:
        sentence = f"{score.silence_words} words were answered to silence; at most {limits.max_silence_words} may be"
        yield Check("max_silence_words", score.silence_words <= limits.max_silence_words, sentence)


def _dropped(limits: Limits, train_rows: int, dropped_rows: int) -> Iterator[Check]:
    if limits.max_dropped_share is not None and train_rows:
        yield _share(
            "max_dropped_share",
            "training rows were dropped by the tuning service",
            dropped_rows,
            train_rows,
            limits.max_dropped_share,
        )


def _share(code: str, what: str, seen: int, of: int, most: float) -> Check:
    return Check(code, seen / of <= most, f"{seen} of {of} {what} ({seen / of:.1%}); at most {most:.1%} may")


def _slices(evaluation: Evaluation, bar: Role, limits: Limits) -> Iterator[Check]:
    if limits.max_slice_regression is None:
        return
    for part in evaluation.slices:
        if part.examples < limits.min_slice_examples or not {Role.CHALLENGER, bar} <= set(part.rates):
            continue
        mine, its = part.rates[Role.CHALLENGER], part.rates[bar]
        passed = mine - its <= limits.max_slice_regression
        sentence = (
            f"{_NAMES[part.measure]} {mine:.1%} in {part.cut} {part.name} ({part.examples} utterances), where the "
            f"{bar} has {its:.1%}; it may be worse by {limits.max_slice_regression:.1%}"
        )
        yield Check(f"slice_{part.cut}_{part.measure}", passed, sentence)
