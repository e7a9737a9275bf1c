"""What comes last: a person deletes a file, and what was made of it is forgotten."""

from __future__ import annotations

from collections.abc import Iterator

from attune.domain.ledger import Ledger
from attune.domain.names import dataset_key
from attune.domain.pair import Pair, PairState
from attune.services.manifests import of_pairs, of_sweeps
from attune_local.demo.ground import Ground
from attune_local.demo.picture import look
from attune_local.demo.proof import Proof
from attune_local.demo.props import Act
from attune_local.demo.screen import Screen
from attune_local.demo.waiting import wait


def forget(ground: Ground, act: Act, screen: Screen) -> Iterator[Proof]:
    """Deletes a transcript that models were trained on; what is proved of it, and of the bucket's ledger."""
    pair = _trained_on(ground, act)
    if pair.transcript is None:
        raise ValueError(f"{pair.path} was accepted without a transcript")
    name = pair.transcript.name
    words = act.final[name].strip()
    before = _holding(ground, act, words)
    ground.delete(name)
    screen.say(f"\n{name} is deleted. attune lineage {name} names what was trained on it:")
    for line in ground.lineage(name):
        screen.say(f"  {line}")
    wait(lambda: _is_forgotten(ground, act, pair), ground, f"{name} to be forgotten")
    after = _holding(ground, act, words)
    yield Proof(
        "erased", f"{before} of our objects had what was said in it, and {after} have", before > 0 and not after
    )
    passed = _ledger(ground, act)
    wait(lambda: _has_passed_again(ground, act, passed), ground, "a pass over the intake bucket")
    yield _adds_up(_ledger(ground, act))


def _trained_on(ground: Ground, act: Act) -> Pair:
    """A pair of the corpus that a run has taken, and no other was refused for having the same recording."""
    picture = look(ground, act.dataset, str(act.settings.get("alias", act.dataset)))
    twins = [reason.sentence for pair in picture.rejected for reason in pair.reasons]
    return next(
        pair
        for pair in picture.pairs
        if pair.state is PairState.ACCEPTED
        and pair.stays
        and pair.transcript
        and pair.transcript.name in act.final
        and not any(pair.path in sentence for sentence in twins)
    )


def _holding(ground: Ground, act: Act, words: bytes) -> int:
    """How many of our objects have these words in them."""
    key = dataset_key(act.dataset)
    places = (f"{folder}/{key}/" for folder in ("rows", "shards", "drafts", "runs", "texts", "reports"))
    return sum(words in ground.read(name) for place in places for name in ground.names(place))


def _is_forgotten(ground: Ground, act: Act, pair: Pair) -> bool:
    read = ground.documents.get(of_pairs.pair(act.dataset, pair.id))
    return read is not None and read.value.transcript is None and not read.value.to_forget


def _ledger(ground: Ground, act: Act) -> Ledger | None:
    read = ground.documents.get(of_sweeps.ledger(act.dataset))
    return read.value if read else None


def _has_passed_again(ground: Ground, act: Act, before: Ledger | None) -> bool:
    """Two passes on: the next may have been under way."""
    now = _ledger(ground, act)
    return now is not None and now.pass_number >= (before.pass_number if before else 0) + 2


def _adds_up(ledger: Ledger | None) -> Proof:
    if ledger is None:
        return Proof("ledger", "there is none", holds=False)
    states = ("accepted", "waiting", "rejected", "ignored", "superseded")
    told = " + ".join(f"{getattr(ledger, state)} {state}" for state in states if getattr(ledger, state))
    seen = f"{ledger.listed} objects listed = {told}; {ledger.erased} erased; gap {ledger.gap}"
    whole = sum(getattr(ledger, state) for state in states) == ledger.listed
    return Proof("ledger", seen, not ledger.gap and whole and ledger.erased > 0)
