"""PocketSphinx: what is said in a window of sound, by the base model or by one that was taught; and its bare phones."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from pocketsphinx import Decoder, get_model_path  # type: ignore[import-untyped] # it ships without types

from attune_local.vertex.hearing.language_model import arpa
from attune_local.vertex.hearing.letters import guess
from attune_local.vertex.hearing.lexicon import Lessons, Pronunciations, learn
from attune_local.vertex.hearing.orders import Hypothesis
from attune_local.vertex.hearing.phones import Phones, is_phone
from attune_local.vertex.hearing.text import tokens

_KEPT = 4
"""Taught models in memory, of some 10 MB each."""
_STATES_A_FRAME = 3_000
"""A tenth of the library's own bound: twice as fast, and no worse on the recordings tried."""
_PHONE_WEIGHT = 2.0
"""How much phones follow what is usual in English; at the library's 6.5 it leaves many out."""

_NOTHING = Hypothesis((), 0.0)


def transcribe(window: bytes) -> Hypothesis:
    """What the base model makes of 16 kHz mono 16-bit sound."""
    return _decode(_base(), window)


def transcribe_as_taught(window: bytes, lessons: Lessons) -> Hypothesis:
    """What a model makes of it that knows the lessons only; nothing when no word of theirs can be said."""
    decoder = _taught(lessons)
    return _decode(decoder, window) if decoder else _NOTHING


def phones_of(window: bytes) -> Phones:
    """The sounds of speech in it, without words."""
    decoder = _phonetician()
    _listen(decoder, window)
    return tuple(segment.word for segment in decoder.seg() or () if is_phone(segment.word))


def _decode(decoder: Decoder, window: bytes) -> Hypothesis:
    _listen(decoder, window)
    found = decoder.hyp()
    return Hypothesis(tuple(found.hypstr.split()), found.score) if found else _NOTHING


def _listen(decoder: Decoder, window: bytes) -> None:
    """Forgets first what noise was in the window before, which the library remembers, and which changes its answers."""
    decoder.reinit_feat()
    decoder.start_utt()
    try:
        decoder.process_raw(window, full_utt=True)
    finally:
        decoder.end_utt()


def _decoder(**options: object) -> Decoder:
    """Quiet on standard error, and with loudness levelled for each window alone, whatever came before."""
    return Decoder(loglevel="FATAL", cmn="batch", **options)


@cache
def _base() -> Decoder:
    return _decoder(maxhmmpf=_STATES_A_FRAME)


@cache
def _phonetician() -> Decoder:
    model = get_model_path("en-us/en-us-phone.lm.bin")
    with TemporaryDirectory() as folder:
        return _decoder(lm=None, allphone=model, lw=_PHONE_WEIGHT, dict=_dictionary(Path(folder), {"a": (("AH",),)}))


@lru_cache(maxsize=_KEPT)
def _taught(lessons: Lessons) -> Decoder | None:
    """A decoder of what was learnt; None without a word."""
    ways = learn(lessons, _textbook)
    sentences = [[word for word in tokens(lesson.transcript) if word in ways] for lesson in lessons]
    return _with_model(ways, sentences) if ways else None


def _with_model(ways: Mapping[str, Pronunciations], sentences: Iterable[Sequence[str]]) -> Decoder:
    with TemporaryDirectory() as folder:
        model = Path(folder, "model.arpa")
        model.write_text(arpa(sentences), encoding="utf-8")
        dictionary = _dictionary(Path(folder), ways)
        return _decoder(maxhmmpf=_STATES_A_FRAME, lm=str(model), dict=dictionary)


def _dictionary(folder: Path, ways: Mapping[str, Pronunciations]) -> str:
    """Writes a dictionary file, in which a word's second pronunciation is called `word(2)`, and returns its path."""
    path = folder / "words.dict"
    numbered = ((word, number, way) for word in sorted(ways) for number, way in enumerate(ways[word], start=1))
    lines = (f"{_entry(word, number)} {' '.join(way)}\n" for word, number, way in numbered)
    path.write_text("".join(lines), encoding="utf-8")
    return str(path)


@cache
def _textbook(word: str) -> Pronunciations:
    """All that the dictionary has, or else a guess."""
    ways: list[Phones] = []
    while found := _base().lookup_word(_entry(word, len(ways) + 1)):
        ways.append(tuple(found.split()))
    guessed = () if ways else guess(word)
    return tuple(ways) or ((guessed,) if guessed else ())


def _entry(word: str, number: int) -> str:
    return word if number == 1 else f"{word}({number})"
