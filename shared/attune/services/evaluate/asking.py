"""Ask: put the hold-out to the contenders, some questions at once, and keep each answer: none is paid twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

import orjson

from attune.domain.evaluation.contender import Contender, Role
from attune.domain.evaluation.example import Answered, Example
from attune.errors import AttuneError, GoneError, PassingError, VanishedError
from attune.ports import Clock, Create, Documents, Each, Objects
from attune.ports_tuning import Answering
from attune.services.lease import Hold
from attune.services.manifests import of_answers

AT_ONCE = 8
"""Questions under way at a time, and answers kept by one commit."""
_READ_AT_ONCE = 300

Known = Mapping[str, Answered]
"""Answers by the key of their question and contender."""


@dataclass(frozen=True, slots=True)
class Question:
    """An example, put to a contender."""

    example: Example
    contender: Contender

    @property
    def key(self) -> str:
        """Where its answer is kept."""
        return self.example.key(self.contender)


@dataclass(slots=True)
class Round:
    """What came of one call's asking: the answers, and the contenders that are not there, with why.

    `withdrawn` are the pairs that cannot be asked about any more, because they were erased.
    """

    known: dict[str, Answered]
    absent: dict[Role, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)
    complete: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """The service, with its ports. A call asks at most `most` questions: as ticks come at a pace, so do they.

    Answers are kept under the dataset, by model and row: the base model and a champion that answered an earlier run's
    hold-out are not asked the same again.
    """

    documents: Documents
    objects: Objects
    answering: Callable[[], Answering]
    each: Each
    clock: Clock
    most: int

    def __call__(
        self, dataset: str, examples: Sequence[Example], contenders: Sequence[Contender], hold: Hold, until: datetime
    ) -> Round:
        """Asks what has no answer yet, as far as this call may; the next goes on.

        Raises:
            BusyError: another instance has taken the lease, and asks.
            QuotaError: the service takes no more questions now; the answers so far are kept.
            UnavailableError: it did not answer; likewise.
        """
        questions = [Question(example, contender) for contender in contenders for example in examples]
        asked = Round(self.known(dataset, questions))
        left = iter([question for question in questions if question.key not in asked.known][: self.most])
        while (batch := self._batch(left, asked)) and self.clock() < until:
            self._ask(dataset, batch, asked, hold)
        asked.complete = all(
            question.key in asked.known
            or question.contender.role in asked.absent
            or question.example.pair in asked.withdrawn
            for question in questions
        )
        return asked

    def known(self, dataset: str, questions: Sequence[Question]) -> dict[str, Answered]:
        """The answers that are kept."""
        keys = [question.key for question in questions]
        found: dict[str, Answered] = {}
        for start in range(0, len(keys), _READ_AT_ONCE):
            some = keys[start : start + _READ_AT_ONCE]
            reads = self.documents.get_all([of_answers.answer(dataset, key) for key in some])
            found |= {key: read.value for key, read in zip(some, reads, strict=True) if read is not None}
        return found

    def _batch(self, left: Iterator[Question], asked: Round) -> list[Question]:
        """The next few, but for those to who is not there, and about what is gone."""
        open_ones = (
            question
            for question in left
            if question.contender.role not in asked.absent and question.example.pair not in asked.withdrawn
        )
        return list(islice(open_ones, AT_ONCE))

    def _ask(self, dataset: str, batch: Sequence[Question], asked: Round, hold: Hold) -> None:
        """Keeps what was answered before it raises what was not."""
        answers = self.each(self._answer, batch)
        heard = {
            question.key: answer
            for question, answer in zip(batch, answers, strict=True)
            if isinstance(answer, Answered)
        }
        if heard:
            hold.commit(*(Create(of_answers.answer(dataset, key), answer) for key, answer in heard.items()))
            asked.known |= heard
        for question, trouble in zip(batch, answers, strict=True):
            if isinstance(trouble, GoneError):
                asked.withdrawn.add(question.example.pair)
            elif isinstance(trouble, VanishedError):
                asked.absent[question.contender.role] = str(trouble)
            elif isinstance(trouble, AttuneError):
                raise trouble

    def _answer(self, question: Question) -> Answered | AttuneError:
        example, contender = question.example, question.contender
        try:
            row = self.objects.read(example.row)
            answer = self.answering().ask(contender.target, row)
        except (GoneError, PassingError, VanishedError) as trouble:
            return trouble
        return Answered(example.pair, contender.target, contender.model, self.clock(), answer, _reference(row))


def _reference(row: bytes) -> str:
    return str(orjson.loads(row)["contents"][-1]["parts"][0]["text"])
