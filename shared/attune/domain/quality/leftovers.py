"""Leftovers: what other formats and other purposes leave in a transcript, and nobody says."""

from __future__ import annotations

import re

from attune.domain.finding import Finding
from attune.domain.quality.rules import found
from attune.domain.transcript import places

# Wide brackets and colons, and dashes, as the patterns below have them.
_AS_ASCII = str.maketrans("\uff08\uff09\uff3b\uff3d\u3010\u3011\uff1a\u2013\u2014\u2022", "()[][]:---")

_SOUNDS = frozenset(
    {
        *("music", "song", "laughs", "laughter", "laughing", "laugh", "chuckles", "chuckling", "applause", "clapping"),
        *("cheers", "cheering", "inaudible", "unintelligible", "indistinct", "crosstalk", "overlapping", "noise"),
        *("silence", "pause", "cough", "coughs", "coughing", "sigh", "sighs", "sighing", "gasps", "sniffs", "sobs"),
        *("sobbing", "breath", "breathes", "breathing", "beep", "musik", "lacht", "lachen", "gelächter", "applaus"),
        *("beifall", "unverständlich", "hustet", "seufzt", "rauschen", "stille", "musique", "rire", "rires", "rit"),
        *("applaudissements", "inintelligible", "toux", "música", "risa", "risas", "ríe", "aplausos", "ininteligible"),
        *("riso", "risos", "musica", "risate", "applausi", "muziek", "gelach", "muzyka", "śmiech", "oklaski"),
        *("niezrozumiałe", "müzik", "kahkaha", "alk\u0131ş", "музыка", "смех", "аплодисменты", "неразборчиво"),
        *("μουσική", "γέλια", "موسيقى", "ضحك", "מוזיקה", "צחוק", "संगीत", "हँसी", "เพลง", "หัวเราะ", "音乐", "音楽", "笑"),
        *("笑声", "笑い", "掌声", "拍手", "음악", "웃음", "박수"),
    }
)
_SPEAKER = (
    r"(?:speaker|spk|sprecher(?:in)?|locut(?:eur|rice)|intervenant|hablante|orador|falante|parlante|spreker|talare"
    r"|mówca|спикер|говорящий|диктор|ομιλητής|konuşmac\u0131|المتحدث|متحدث|דובר|वक्ता|说话人|說話人|发言人|話者|화자)"
)
_WHICH = r"[ _-]?(?:\d{1,3}|[a-z])"
_CLOCK = r"\d{1,3}:\d{2}(?::\d{2})?(?:[.,]\d{1,3})?"
_EXACT_CLOCK = r"\d{1,3}:\d{2}(?::\d{2}(?:[.,]\d{1,3})?|[.,]\d{1,3})"
_SECONDS = r"\d{1,5}[.,]\d{1,3}\ ?s?"
_TO = r"\ ?(?:-->|[-/,]|to)\ ?"

# What has a hint before it is compiled by `re` when a text first hints at it, and kept: it takes a millisecond each.
_MARKUP_HINT = re.compile(r"[<&{\[(*#`♪♫♬\\\uff08\uff3b\u3010]")
_MARKUP = {
    "tags": r"""(?ix)
          </?[a-z][\w:.-]*+ (?: \s*+ /?> | \s [^<>=]*+ = [^<>]*+ > )   # <i>, </p>, <br/>, <font color="red">, <unk>
        | <!-- | <!\[ | <![a-z] | <\?[a-z]                             # XML's and HTML's others
        | <\|[a-z][^<>|\n]{0,40}\|>                                    # a model's own tokens
        """,
    "entities": (
        r"(?i)&(?:amp|lt|gt|quot|apos|nbsp|ensp|emsp|shy|hellip|[mn]dash|[lrsb][dbs]quo|[lr]aquo|iexcl|iquest|szlig|euro"
        r"|copy|reg|trade|deg|middot|bull|[a-z]{1,2}(?:uml|acute|grave|circ|cedil|tilde|ring|slash|lig)"
        r"|\#\d{1,7}|\#x[0-9a-f]{1,6});"
    ),
    "subtitle codes": r"(?m)\{\\[^{}\n]{0,200}\}|\\[Nnh](?=[A-Z\s])|\\[Nn]$",
    "Markdown": r"(?m)(?<![\w*])\*\*(?=[^\s*])[^*\n]{0,500}+\*\*(?![\w*])|```|\]\(https?:|^\#{1,6}\s(?=\S)",
}
_SQUARE = rf"(?i)\[(?!\s?{_SPEAKER})(?=[^\[\]\d\n]{{0,60}}[^\W\d_])[^\[\]\d\n]{{1,60}}\]|[♪♫♬]"
_ROUND = r"[({*]([^(){}*\d\n]{1,60})[)}*]"
_MOST_SOUND_WORDS = 2  # audience laughs, soft music

_TIMESTAMP_HINT = re.compile(r"\d[:.,\uff1a]\d")
_TIMESTAMPS = rf"""(?xm)
      {_CLOCK}\ ?-->\ ?{_CLOCK}                              # SRT, WebVTT
    | [\[<{{]\ ?{_CLOCK}(?:{_TO}{_CLOCK})?\ ?[\]>}}]         # [00:12], <00:01>
    | [\[<]{_SECONDS}(?:{_TO}{_SECONDS})?[\]>]               # [12.34 - 15.1]
    | <\|\d{{1,4}}\.\d{{1,2}}\|>                             # Whisper's
    | \(\ ?{_EXACT_CLOCK}(?:{_TO}{_EXACT_CLOCK})?\ ?\)       # (0:01:23)
    | ^\({_CLOCK}\) | \({_CLOCK}\)$                          # (0:12), but not in the midst of a line
    | (?<![\d:.,]){_CLOCK}[.,]\d{{3}}(?!\d)                  # to the millisecond
    | ^(?:{_EXACT_CLOCK}|00:\d{{2}})(?=[\s|-]|$)             # 00:01:23 opens a line
    """
_LEADING_CLOCK = r"(?m)^(?:[-*] ?)?\d{1,3}:\d{2}(?=[\s|-]|$)"

_SPEAKER_HINT = re.compile(r"[:<>\[(\uff08\uff1a\uff3b\u3010]|speaker_", re.IGNORECASE)
_SPEAKER_TAGS = rf"""(?xim)
      \bspeaker_\d{{1,3}}\b                                  # as diarisation writes it
    | [\[(<]\ ?{_SPEAKER}(?:{_WHICH})?\ ?[\])>]              # [Speaker A]
    | ^\W{{0,2}}{_SPEAKER}{_WHICH}\ ?:                       # Speaker 1:
    | <v(?:\.[^\s<>]{{1,40}})?\ [^<>\n]{{1,80}}>             # WebVTT's voices
    | ^>>                                                    # captions: somebody else speaks
    """
_NAME_TAG = r"(?m)^(?:- ?)?([^\s:]{1,24}(?: [^\s:]{1,24}){0,2}) ?:(?=\s|$|[^\x00-\x7f])"


def markup(text: str) -> Finding | None:
    """Tags, entities, subtitle codes, Markdown, and sounds that are told in brackets.

    Square brackets are never said, whatever they hold; round ones are, unless what they hold is a sound.
    """
    if not _MARKUP_HINT.search(text):
        return None
    text = text.translate(_AS_ASCII)
    counts = {kind: _count(pattern, text) for kind, pattern in _MARKUP.items()}
    sounds = sum(_is_sound(match.group(1)) for match in re.finditer(_ROUND, text))
    counts["sounds in brackets"] = _count(_SQUARE, text) + sounds
    kinds = [f"{kind} in {places(count)}" for kind, count in counts.items() if count]
    return found("transcript_markup", f"It has {', '.join(kinds)}.") if kinds else None


def timestamps(text: str) -> Finding | None:
    """Times in the recording. A time of day in a sentence is none; times that open two or more lines are."""
    if not _TIMESTAMP_HINT.search(text):
        return None
    text = text.translate(_AS_ASCII)
    leading = _count(_LEADING_CLOCK, text)
    count = max(_count(_TIMESTAMPS, text), leading if leading > 1 else 0)
    return found("transcript_timestamps", f"It has timestamps in {places(count)}.") if count else None


def speaker_tags(text: str) -> Finding | None:
    """Who speaks, in the forms of diarisation and captions; or one to three capitalised words opening several lines."""
    if not _SPEAKER_HINT.search(text):
        return None
    text = text.translate(_AS_ASCII)
    names = sum(_is_name(match.group(1)) for match in re.finditer(_NAME_TAG, text))
    count = max(_count(_SPEAKER_TAGS, text), names if names > 1 else 0)
    return found("transcript_speaker_tags", f"It tells who speaks in {places(count)}.") if count else None


def _is_sound(words: str) -> bool:
    parts = words.casefold().split()
    return len(parts) <= _MOST_SOUND_WORDS and not _SOUNDS.isdisjoint(parts)


def _is_name(words: str) -> bool:
    return all(word[0].isalpha() and not word[0].islower() for word in words.split(" "))


def _count(pattern: str, text: str) -> int:
    return sum(1 for _ in re.finditer(pattern, text))
