"""What is heard in recordings: phones, the base model's words, a taught model's words. It remembers by digest."""

from collections.abc import Iterator

from attune_local.vertex.hearing.booths import Booths
from attune_local.vertex.hearing.lexicon import Lessons
from attune_local.vertex.hearing.orders import Hypothesis, PhonesOrder, TaughtOrder, WordsOrder
from attune_local.vertex.hearing.phones import Phones
from attune_local.vertex.hearing.shelf import Shelf
from attune_local.vertex.hearing.sound import windows
from attune_local.vertex.media import Sound


class Ears:
    """Safe to call from several threads. The same recording is always heard the same. Calls raise DeafError."""

    def __init__(self, booths: Booths) -> None:
        self._booths = booths
        self._phones: Shelf[str, Phones] = Shelf()
        self._words: Shelf[tuple[str, int], Hypothesis] = Shelf()

    def phones(self, sound: Sound) -> Phones:
        """The sounds of speech in its first window."""
        return self._phones.get(sound.recording.digest, lambda: self._heard_phones(sound))

    def known_phones(self, digest: str) -> Phones:
        """The same, of a recording that was heard before; otherwise none."""
        return self._phones.find(digest) or ()

    def words(self, sound: Sound, lessons: Lessons) -> Iterator[tuple[Hypothesis, bool]]:
        """The likelier hypothesis for each window, and whether it is what was taught and not the base model's."""
        for number, window in enumerate(windows(sound)):
            base = self._base_words((sound.recording.digest, number), window)
            taught = self._booths.ask(TaughtOrder(window, lessons)) if lessons else base
            yield (taught, True) if taught.likelihood > base.likelihood else (base, False)

    def _base_words(self, key: tuple[str, int], window: bytes) -> Hypothesis:
        return self._words.get(key, lambda: self._booths.ask(WordsOrder(window)))

    def _heard_phones(self, sound: Sound) -> Phones:
        first = next(iter(windows(sound)), None)
        return self._booths.ask(PhonesOrder(first)) if first else ()
