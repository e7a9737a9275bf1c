"""The ledger of who has which content, kept in memory: what Firestore's documents say on arrival."""

from __future__ import annotations

from dataclasses import dataclass, field

from attune.config import Settings
from attune.domain.content import Content, Holder, Known, Recording, Side, conflicts, side_known
from attune.domain.finding import Finding, Severity
from attune.domain.quality.rules import weighed
from attune.domain.split import Split, split_of


@dataclass(slots=True)
class Ledger:
    """The recordings, words and groups of a dataset's pairs so far."""

    dataset: str
    settings: Settings
    recordings: dict[str, Recording] = field(default_factory=dict)
    sides: dict[str, Side] = field(default_factory=dict)

    def settle(self, me: Holder, content: Content) -> tuple[Split, tuple[Finding, ...]]:
        """The pair's side of the hold-out, and what speaks against it there; unless it is refused, it is entered."""
        known = Known(
            self.recordings.get(content.audio),
            self.sides.get(content.words_key or ""),
            self.sides.get(content.group_key or ""),
        )
        fraction = self.settings.validation_fraction
        split = side_known(content, known) or split_of(self.dataset, content.by, fraction)
        findings = weighed(conflicts(me, content, split, known), self.settings.quality)
        if not any(finding.severity is Severity.REFUSED for finding in findings):
            self._enter(me, content, split)
        return split, findings

    def _enter(self, me: Holder, content: Content, split: Split) -> None:
        before = self.recordings.get(content.audio)
        self.recordings[content.audio] = Recording(split, {**(before.holders if before else {}), content.task: me})
        for key in (content.words_key, content.group_key):
            if key:
                self.sides.setdefault(key, Side(split, me))
