"""What was raised, told without what it may quote: a library's text may hold an object's content, ours never does."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from pathlib import Path

from attune.errors import AttuneError

_OURS = str(Path(__file__).resolve().parent)
_WITHHELD = "(what it says is left out: it may quote content)"


def words(error: BaseException) -> str:
    """The exception's type; its text, too, where that is ours: attune's code raised it in so many words."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    text = str(error) if _is_ours(error) else _WITHHELD
    return f"{name}: {text}" if text else name


def stack(error: BaseException) -> str:
    """The traceback as Python prints it, causes first, with `words` for what each exception says."""
    return "\n".join(_sections(error, set()))


def _sections(error: BaseException, told: set[int]) -> Iterator[str]:
    told.add(id(error))
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and id(before) not in told:
        yield from _sections(before, told)
        how = "was the direct cause of" if error.__cause__ else "was being handled at the time of"
        yield f"\nThe above exception {how} the following exception:\n"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip("\n")
    yield words(error)


def _is_ours(error: BaseException) -> bool:
    """A ValueError of ours names the run; one of int() quotes what it was given, though our code called it."""
    if isinstance(error, AttuneError):
        return True
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(_OURS) and (frames[-1].line or "").startswith("raise ")
