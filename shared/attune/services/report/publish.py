"""Publish: write a report's two files in place of those that stand there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from attune.domain.part import Part
from attune.domain.profile import Profile
from attune.errors import DamagedError
from attune.ports import Clock, Documents, Objects
from attune.services.encode import JSONL
from attune.services.manifests import of_pairs
from attune.services.manifests.of_datasets import DatasetState
from attune.services.report.page import Report, render
from attune.services.report.places import lines_name, page_name
from attune.services.settings import settings_as_they_stand

_HTML = "text/html; charset=utf-8"

PlanLines = Sequence[tuple[str, str]]


def no_plan(_dataset: str) -> PlanLines:
    """For a report that tells nothing of the next run."""
    return ()


@dataclass(frozen=True, slots=True)
class Publishing:
    """The service, with its ports. `plan` tells of a dataset's next run, in labels and values."""

    documents: Documents
    objects: Objects
    clock: Clock
    plan: Callable[[str], PlanLines] = no_plan

    def lines(self, dataset: str, lines: Part | None) -> None:
        """Writes report.jsonl, of these lines.

        Raises:
            DamagedError: the lines are not what they should be.
            GoneError: they are not there.
        """
        name = lines_name(dataset)
        if lines is None:
            self.objects.replace(name, b"", JSONL)
            return
        stored = self.objects.recompose(name, [lines.name], JSONL)
        if (stored.size, stored.crc32c) != (lines.size, lines.crc32c):
            raise DamagedError(f"{name} is not what its lines make")

    def page(self, state: DatasetState, profile: Profile, *, behind: bool) -> None:
        """Writes report.html. The pairs that it names one by one are read as they are now."""
        dataset = state.dataset
        settings = settings_as_they_stand(dataset, self.documents)
        found = self.documents.get_all([of_pairs.pair(dataset, named) for named in profile.named])
        page = render(
            Report(
                dataset=dataset,
                at=self.clock(),
                profile=profile,
                state=state,
                limits=settings.quality,
                manner=settings.transcripts,
                pairs={read.value.id: read.value for read in found if read is not None},
                plan=self.plan(dataset),
                behind=behind,
            )
        )
        self.objects.replace(page_name(dataset), page, _HTML)
