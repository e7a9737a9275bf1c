"""What the words of a transcript are held to, in many languages: each rule where it speaks, and where it must not."""

# ruff: noqa: RUF001 - letters that look alike are what writings are made of

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import RULES
from attune.domain.quality.words import characters_per_second, judge_words, said, words_digest

LIMITS = Limits()
MARKER = "geheimnis"

CONTROL, MARKUP, TIMES, TAGS = (
    f"transcript_{rule}" for rule in ("control_characters", "markup", "timestamps", "speaker_tags")
)
FAST, SLOW, REPEATS, MIXED = (f"transcript_{rule}" for rule in ("too_fast", "too_slow", "repeats", "mixed_scripts"))

BAD = [
    ("yes\x1b[31m it is", CONTROL, "U+001B in one place"),
    ("ye\u00ads it\u00ad is", CONTROL, "U+00AD in 2 places"),
    ("yes\u200bit is", CONTROL, "U+200B in one place"),
    ("yes\u200dit is", CONTROL, "U+200D in one place"),
    ("yes \u202eit is", CONTROL, "U+202E in one place"),
    ("yes \u200eit is", CONTROL, "U+200E in one place"),
    ("\u202eשלום לך", CONTROL, "U+202E in one place"),
    ("Gr\ufffd\ufffde an alle", CONTROL, "U+FFFD in 2 places"),
    ("caf\x92 au lait", CONTROL, "U+0092 in one place"),
    ("call \ue000 now", CONTROL, "U+E000 in one place"),
    ("\x01\x02\x03\x04\x05\x06\x07 so many", CONTROL, "2 others"),
    ("z" + "\u0301" * 31 + "algo it is", CONTROL, "31 combining marks on one letter"),
    ("<i>yes</i> it is", MARKUP, "tags in 2 places"),
    ('<font color="red">yes it is', MARKUP, "tags in one place"),
    ('<prosody rate="slow">yes</prosody>', MARKUP, "tags in 2 places"),
    ("yes<br/>it is", MARKUP, "tags in one place"),
    ("<!-- a note --> yes it is", MARKUP, "tags in one place"),
    ("well <unk> it is", MARKUP, "tags in one place"),
    ("<|en|> well it is", MARKUP, "tags in one place"),
    ("salt &amp; pepper &#39;and&#x27; more", MARKUP, "entities in 3 places"),
    ("c&rsquo;est l&eacute;t&eacute;", MARKUP, "entities in 3 places"),
    (r"{\an8}yes it is", MARKUP, "subtitle codes in one place"),
    (r"yes\NIt is", MARKUP, "subtitle codes in one place"),
    ("[music] yes it is", MARKUP, "sounds in brackets in one place"),
    ("yes (laughs) it is", MARKUP, "sounds in brackets in one place"),
    ("yes (audience laughs) it is", MARKUP, "sounds in brackets in one place"),
    ("*sighs* yes it is", MARKUP, "sounds in brackets in one place"),
    ("ja (Gelächter) so ist es", MARKUP, "sounds in brackets in one place"),
    ("да (смех) так и есть", MARKUP, "sounds in brackets in one place"),
    ("はい（笑）そうです", MARKUP, "sounds in brackets in one place"),
    ("【掌声】谢谢大家来到这里", MARKUP, "sounds in brackets in one place"),
    ("♪ la la la ♪", MARKUP, "sounds in brackets in 2 places"),
    ("it is **very** good", MARKUP, "Markdown in one place"),
    ("# Chapter\nit begins", MARKUP, "Markdown in one place"),
    ("```\nit begins\n```", MARKUP, "Markdown in 2 places"),
    ("1\n00:00:01,000 --> 00:00:04,000\nyes it is", TIMES, "timestamps in one place"),
    ("[00:01:23.4] yes it is", TIMES, "timestamps in one place"),
    ("[00:12 - 00:15] yes it is", TIMES, "timestamps in one place"),
    ("(0:12) yes it is\n(0:15) no it is not", TIMES, "timestamps in 2 places"),
    ("well (1:02:03) yes it is", TIMES, "timestamps in one place"),
    ("<00:01> yes it is", TIMES, "timestamps in one place"),
    ("00:12 yes it is", TIMES, "timestamps in one place"),
    ("01:02:03 yes it is", TIMES, "timestamps in one place"),
    ("1:12 yes it is\n1:15 no it is not", TIMES, "timestamps in 2 places"),
    ("[12.34] yes it is", TIMES, "timestamps in one place"),
    ("<|0.00|> yes it is", TIMES, "timestamps in one place"),
    ("【00：12】今天天气很好", TIMES, "timestamps in one place"),
    ("[٠٠:١٢] نعم هذا هو", TIMES, "timestamps in one place"),
    ("Speaker 1: yes it is", TAGS, "in one place"),
    ("yes it is\nSPEAKER_00 no it is not", TAGS, "in one place"),
    ("[Speaker A] yes it is", TAGS, "in one place"),
    (">> yes it is\n>> no it is not", TAGS, "in 2 places"),
    ("<v Bob> yes it is", TAGS, "in one place"),
    ("JOHN: yes it is\nMARY: no it is not", TAGS, "in 2 places"),
    ("John Smith: yes it is\nMary: no it is not", TAGS, "in 2 places"),
    ("Sprecherin 2: ja so ist es", TAGS, "in one place"),
    ("Спикер 1: да так и есть", TAGS, "in one place"),
    ("说话人1：今天天气很好", TAGS, "in one place"),
    ("张三：今天天气很好\n李四：是的没错", TAGS, "in 2 places"),
    ("no no no no no, it is", REPEATS, "The same word stands there 5 times"),
    ("thank you. " * 6, REPEATS, "The same 2 words stand there 6 times"),
    ("Thank you, thank YOU thank you – thank you! Thank you", REPEATS, "2 words stand there 5 times"),
    ("one two three four five six seven eight " * 5, REPEATS, "The same 8 words stand there 5 times"),
    ("да да да да да да", REPEATS, "The same word stands there 6 times"),
    ("谢谢观看" * 7, REPEATS, "The same 4 characters stand there 7 times"),
    ("ขอบคุณ" * 5, REPEATS, "The same 6 characters stand there 5 times"),
    ("the p\u0430per is here", MIXED, "In one place one word has letters of several scripts: Cyrillic, Latin."),
    ("М\u0061ма мыла р\u0061му", MIXED, "In 2 places"),
    ("\u0391lpha and beta", MIXED, "Greek, Latin"),
    ("नमsते जी कैसे हैं", MIXED, "Devanagari, Latin"),
]

GOOD = [
    *("ten of clubs", "Well, I don't know: it's 3.5 % of $1,000 (about €5)!", "a < b and c > d, so a <b & c> d"),
    *("x<y and y>z", "I <3 you", "AT&T; R&D; Q&A", "he said f**k you s**t all day", "#1 song of the year", "5 * 3 * 2"),
    *("the house (built in 1950) stands", "we laughed (all of us) and the music stopped", r"in C:\new and C:\temp"),
    *("the train leaves at 10:30, the next at 11:15", "10:30 is when we meet", "it was 2:1 (after 90 minutes)"),
    *("we meet (10:30) tomorrow", "at 12:30:45 it rang", "John 3:16 and so on", "a ratio of 16:9.", "the [5] people"),
    *("Note: bring it along", "He said: no way.\nShe said: we will see.", "two things: one, two\nand three"),
    *("the loudspeaker: it hums", "a >> b in maths", "http://example.com is\nhttps://example.org too"),
    *("no no no no, it is", "bye bye, bye bye", "five five five five", "ha ha ha ha"),
    *("“Grüße”, sagte sie – schön!", "Où est-ce ? « Là-bas », dit-il…", "¿Qué tal? ¡Muy bien!", "Zażółć gęślą jaźń."),
    *("İstanbul'da ılık bir gün", "Мама мыла раму: да!", "IT-компания из Москвы", "Το ρολόι λέει 10 και 30 μμ"),
    *("نعم، \u200fهذا \u2067PDF\u2069 جيد", "می\u200cخواهم بروم", "שלום, צה״ל ג׳ירפה", "קובץ הPDF\u200e כאן"),
    *("क्\u200dया र्\u200cम है", "हिन्दी में बात करो।", "ภาษา\u200bไทย ง่ายมาก", "ၵမြန်မာ\u200bစာ", "བོད་སྐད་ཡིན།"),
    *(
        "你好，世界！",
        "我用iPhone手机和T恤",
        "ㄅㄆ注音漢字",
        "東京タワーへ行くよ、OK？",
        "네, PDF를 열어요.",
        "한漢字 mixed",
    ),
    *(
        "👩\u200d💻 at work ❤\ufe0f\u200d🔥",
        "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f wins",
        "5 kΩ and 3 μm",
    ),
    *(
        "the café naïve résumé",
        "ÅNGSTRÖM æther œuvre ﬁne",
        "1º lugar, 2ª vez",
        "tab\tand\nline",
    ),
]


def codes(text: str, seconds: float | None = None, limits: Limits = LIMITS) -> list[str]:
    return [finding.code for finding in judge_words(text, seconds or at_ease(text), limits)]


def at_ease(text: str) -> float:
    """Seconds in which a text is said neither fast nor slowly."""
    return max(characters_per_second(text, 1) / 10, 0.1)


@pytest.mark.parametrize(("text", "code", "fragment"), BAD)
def test_a_rule_speaks_alone_and_with_its_figures(text: str, code: str, fragment: str) -> None:
    (finding,) = judge_words(text, at_ease(text), LIMITS)
    assert (finding.code, finding.severity) == (code, RULES[code].severity)
    assert fragment in finding.sentence


@pytest.mark.parametrize("text", GOOD)
def test_what_people_say_and_write_passes(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    ("text", "seconds", "expected"),
    [
        ("a" * 36, 1.0, [FAST]),
        ("a" * 35, 1.0, []),
        ("ab", 1.0, []),
        ("a.", 1.0, [SLOW]),
        ("...", 1.0, [SLOW]),
        ("今天天气很好我们去公园" * 4, 4.0, []),
        ("今天天气很好我们一起去公园散步吧好不好", 1.0, [FAST]),
        ("오늘", 4.0, [SLOW]),
    ],
)
def test_the_pace_is_held_against_both_limits(text: str, seconds: float, expected: list[str]) -> None:
    limits = Limits(max_repeats=100)
    assert codes(text, seconds, limits) == expected


def test_the_pace_is_told_in_figures() -> None:
    (finding,) = judge_words("much too much for that", 0.5, LIMITS)
    assert finding.sentence == "It has 18 letters and digits for 0.5 seconds, 36.0 a second; nobody says more than 35."
    (finding,) = judge_words("hm", 10.0, LIMITS)
    assert finding.sentence == "It has 2 letters and digits for 10.0 seconds, 0.2 a second; speech has at least 2."


@pytest.mark.parametrize(
    ("text", "letters"),
    [("don't 3.5!", 6), ("Straße", 6), ("мама", 4), ("नमस्ते", 4), ("你好！", 4), ("はい", 4), ("한국", 4), ("👍 …", 0)],
)
def test_the_pace_counts_letters_and_digits_and_wide_ones_twice(text: str, letters: int) -> None:
    assert characters_per_second(text, 2.0) == letters / 2


def test_without_a_recording_there_is_no_pace() -> None:
    assert characters_per_second("yes", 0.0) == 0.0
    assert codes("yes", -1.0) == []


def test_every_limit_can_be_moved() -> None:
    assert codes("no no no", limits=Limits(max_repeats=2)) == [REPEATS]
    assert codes("no no no no no no", limits=Limits(max_repeats=6)) == []
    assert codes("a" * 20, 1.0, Limits(max_characters_per_second=10, max_repeats=100)) == [FAST]
    assert codes("a" * 20, 10.0, Limits(advised_characters_per_second=3)) == [SLOW]


def test_several_rules_speak_in_the_order_of_the_table() -> None:
    text = "[00:01] <b>Speaker 1:</b>\nSpeaker 2: no no no no no, p\u0430per \u200b"
    assert codes(text, 100.0) == [CONTROL, MARKUP, TIMES, TAGS, SLOW, REPEATS, MIXED]


def test_every_character_that_no_one_sees_is_refused_between_latin_letters() -> None:
    seen = set("\t\n\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
    unseen = {chr(point) for point in range(sys.maxunicode + 1) if unseen_category(chr(point))} - seen
    assert [f"{ord(it):x}" for it in sorted(unseen) if codes(f"yes{it}it is") != [CONTROL]] == []


def unseen_category(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf"}


# --- the same words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "texts",
    [
        ("Well, I don't know!", "well i don’t know", "WELL I DONT KNOW", "Well — I don't\nknow..."),
        ("a well-known fact", "A well known fact."),
        ("Straße", "STRASSE"),
        ("ΟΔΟΣ", "οδος"),
        ("ﬁne", "fine"),
        ("cafe\u0301", "café"),
        ("你好，世界。", "你好世界", "你好 世界"),
        ("می\u200cخواهم", "میخواهم"),
        ("ＡＢＣ １２", "abc 12"),
        ("thumbs up 👍\ufe0f", "thumbs up"),
    ],
)
def test_the_same_words_have_one_digest(texts: tuple[str, ...]) -> None:
    assert len({words_digest(text) for text in texts}) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("yes", "no"), ("no", "no no"), ("нет", "het"), ("cafe", "café"), ("👍", "👎"), ("...", "?!")]
)
def test_other_words_have_another_digest(one: str, other: str) -> None:
    assert words_digest(one) != words_digest(other)


def test_a_digest_is_sha256_in_hexadecimal() -> None:
    assert re.fullmatch(r"[0-9a-f]{64}", words_digest("yes"))
    assert said("Well,  I DON'T know — 3.5!") == "well i dont know 3 5"


# --- and never a word of it -------------------------------------------------------------------------------------


@given(st.sampled_from([text for text, _, _ in BAD]), st.integers(0, 80), st.integers(0, 80))
def test_no_finding_tells_what_is_said(text: str, one: int, other: int) -> None:
    planted = text
    for at in sorted((one, other), reverse=True):
        planted = f"{planted[:at]} {MARKER} {planted[at:]}"
    findings = [*judge_words(planted, at_ease(text), LIMITS), *judge_words(f"{MARKER} {planted}", 900.0, LIMITS)]
    assert not [finding for finding in findings if MARKER in f"{finding.sentence} {finding.fix}".casefold()]
