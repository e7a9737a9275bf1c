"""A small corpus of synthesised speech: recordings and transcripts of a harbour's radio, the same for the same seed."""

from attune_local.corpus.making import Pair, make_corpus
from attune_local.corpus.sentences import sentences
from attune_local.corpus.speech import VOICES, SpeechMissing, speak

__all__ = ["VOICES", "Pair", "SpeechMissing", "make_corpus", "sentences", "speak"]
