"""Chooses how the stand-in answers: by listening where it can, from memory where it cannot."""

import logging
from dataclasses import dataclass
from importlib import import_module

from attune_local.vertex.answers import Listener, Memorised
from attune_local.vertex.hearing.booths import Booths
from attune_local.vertex.hearing.ears import Ears
from attune_local.vertex.hearing.listener import Attentive
from attune_local.vertex.hearing.overhearing import Overheard, Prompts
from attune_local.vertex.objects import Objects

RECOGNISER = "pocketsphinx"

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hearing:
    """What an engine is made of: where it reads datasets, and who answers."""

    objects: Objects
    listener: Listener


def choose(objects: Objects, booths: Booths, *, recogniser: str = RECOGNISER) -> Hearing:
    """Recognises, in the booths, what is asked and what each dataset read from the objects holds.

    Where the recogniser's library cannot be imported, it says so in the log and answers by heart.
    """
    try:
        import_module(recogniser)
    except ImportError as error:
        _LOG.warning("Nothing is listened to, and answers are from memory: %s", error)
        return by_heart(objects)
    ears, prompts = Ears(booths), Prompts()
    return Hearing(Overheard(objects, ears, prompts, booths.number), Attentive(ears, prompts))


def by_heart(objects: Objects) -> Hearing:
    """Repeats what was memorised, and listens to nothing."""
    return Hearing(objects, Memorised())
