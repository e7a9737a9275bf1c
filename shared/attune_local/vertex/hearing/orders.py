"""What the recognising process is asked, and what it answers. A window is 16 kHz mono 16-bit sound, as bytes."""

from dataclasses import dataclass, field

from attune_local.vertex.hearing.lexicon import Lessons
from attune_local.vertex.hearing.phones import Phones


@dataclass(frozen=True, slots=True)
class PhonesOrder:
    """Hear it as phones, without words."""

    window: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class WordsOrder:
    """Say what the base model makes of it."""

    window: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class TaughtOrder:
    """Say what a model makes of it that knows the lessons and nothing else."""

    window: bytes = field(repr=False)
    lessons: Lessons = field(repr=False)


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """The words, and how likely they are; comparable between models on the same window."""

    words: tuple[str, ...] = field(repr=False)
    likelihood: float


@dataclass(frozen=True, slots=True)
class Failed:
    """The recogniser gave up, and why."""

    why: str


Order = PhonesOrder | WordsOrder | TaughtOrder
Answer = Phones | Hypothesis
