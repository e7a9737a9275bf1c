"""Interview: put a folder's questions to models from a person's machine, several at once, and keep every answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from threading import Event

from attune.domain.evaluation.contender import Contender
from attune.domain.evaluation.example import Answer, Example
from attune.errors import QuotaError
from attune.ports_tuning import Answering
from attune.services.evaluate.asking import Question
from attune.services.evaluate.kept import KeptAnswers

PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0, 60.0, 60.0)
"""Seconds between questions that are not taken because there are too many, four minutes in all; then it ends."""

Answers = Mapping[str, Mapping[str, Answer]]
"""By target, and then by pair."""


@dataclass(frozen=True, slots=True)
class Interview:
    """The service: `answering` has who answers for each target, `row` is what an example asks.

    At most `at_once` questions are under way; `told` hears how many are answered so far.
    """

    answering: Mapping[str, Answering]
    row: Callable[[Example], bytes]
    kept: KeptAnswers
    at_once: int
    told: Callable[[int], None]
    pauses: Sequence[float] = PAUSES

    def __call__(self, examples: Sequence[Example], contenders: Sequence[Contender]) -> Answers:
        """Asks what has no answer yet. However it ends, what was under way is waited for and kept.

        Raises:
            VanishedError: there is nobody at a target.
            QuotaError: a target takes no more questions, and has not for all the pauses.
            UnavailableError: a target does not answer.
            GoneError: a recording has changed.
            OSError: an answer cannot be kept.
        """
        questions = [Question(example, contender) for example in examples for contender in contenders]
        left = [question for question in questions if self.kept.get(question) is None]
        self._ask(left, len(questions) - len(left))
        return {contender.target: self._of(contender, examples) for contender in contenders}

    def _ask(self, questions: Sequence[Question], answered: int) -> None:
        self.told(answered)
        stop = Event()
        pool = ThreadPoolExecutor(self.at_once)
        try:
            asked = [pool.submit(self._answer, question, stop) for question in questions]
            for number, done in enumerate(as_completed(asked), start=answered + 1):
                done.result()
                self.told(number)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)

    def _answer(self, question: Question, stop: Event) -> None:
        """Nothing once the others were told to stop; what goes wrong here tells them to."""
        if stop.is_set():
            return
        try:
            self._keep_answer(question, stop)
        except BaseException:
            stop.set()
            raise

    def _keep_answer(self, question: Question, stop: Event) -> None:
        answering, row = self.answering[question.contender.target], self.row(question.example)
        for pause in self.pauses:
            try:
                self.kept.keep(question, answering.ask(question.contender.target, row))
            except QuotaError:
                if stop.wait(pause):
                    raise
            else:
                return
        self.kept.keep(question, answering.ask(question.contender.target, row))

    def _of(self, contender: Contender, examples: Sequence[Example]) -> Mapping[str, Answer]:
        answers = {example.pair: self.kept.get(Question(example, contender)) for example in examples}
        return {pair: answer for pair, answer in answers.items() if answer is not None}
