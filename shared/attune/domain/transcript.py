"""What a transcript file says: its text, decoded, or why it cannot be one."""

from __future__ import annotations

import codecs

from attune.domain.pair import Reason

LARGEST_TRANSCRIPT_BYTES = 1_000_000  # 131,072 tokens, all of an example, are about half of this
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ENCODING = Reason(
    "transcript_encoding",
    "The transcript is neither UTF-8 nor UTF-16 with a byte order mark. Save it as UTF-8 and upload it again.",
)


def read_transcript(data: bytes) -> str | Reason:
    """The text of a transcript: UTF-8 with or without a mark, UTF-16 with one; line endings as LF, ends trimmed."""
    try:
        text = _decode(data)
    except UnicodeDecodeError:
        return _ENCODING
    if "\0" in text:
        return _ENCODING  # UTF-16 without its mark, or UTF-32, passes for UTF-8 or UTF-16 full of zeros
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    if not text:
        return Reason("transcript_empty", "The transcript has no text. Write what is said and upload it again.")
    return text


def _decode(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.decode("utf-8")
