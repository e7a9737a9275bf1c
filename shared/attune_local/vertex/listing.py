"""Lists in pages, newest first, through the filters the service knows: `state="…" AND labels.key="…"`."""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping

from attune_local.vertex.errors import Code, ServiceError
from attune_local.vertex.resources import Item, JobState, Page

_DEFAULT_PAGE = 100
_TERM = re.compile(r'(?P<field>[\w.\-]+)\s*(?P<not>!?)=\s*(?P<quote>"?)(?P<value>[^"\s]*)(?P=quote)')

Fields = Callable[[Item], Mapping[str, str]]
"""What of an item can be filtered on; `name` is always there."""


def labelled(labels: Mapping[str, str]) -> dict[str, str]:
    """Labels as filter fields."""
    return {f"labels.{key}": value for key, value in labels.items()}


def state_name(state: int) -> str:
    """The state's name in the API; one that is not known has a name that no client knows."""
    return JobState(state).name if state in set(JobState) else f"JOB_STATE_UNKNOWN_{state}"


def page(newest_first: Iterable[Item], fields: Fields[Item], filter_: str, size: int, token: str) -> Page[Item]:
    """One page of those that pass the filter.

    Raises:
        ServiceError: the filter or the token is not valid (400).
    """
    wanted = _parse(filter_)
    passing = [item for item in newest_first if _passes(fields(item), wanted)]
    names = [fields(item)["name"] for item in passing]
    start = _start(names, token)
    end = start + (min(size, _DEFAULT_PAGE) if size > 0 else _DEFAULT_PAGE)
    return Page(tuple(passing[start:end]), _token(names[end - 1]) if end < len(passing) else "")


def _parse(filter_: str) -> list[re.Match[str]]:
    terms = [_TERM.fullmatch(term.strip()) for term in re.split(r"\bAND\b", filter_)] if filter_.strip() else []
    found = [term for term in terms if term is not None]
    if len(found) < len(terms):
        raise ServiceError(Code.INVALID_ARGUMENT, f"Invalid filter: {filter_}.")
    return found


def _passes(fields: Mapping[str, str], wanted: Iterable[re.Match[str]]) -> bool:
    return all((fields.get(term["field"]) == term["value"]) != bool(term["not"]) for term in wanted)


def _start(names: list[str], token: str) -> int:
    """The place after the item that the last page ended with, so that newer items shift nothing."""
    if not token:
        return 0
    try:
        return names.index(base64.urlsafe_b64decode(token).decode()) + 1
    except (binascii.Error, ValueError) as error:
        raise ServiceError(Code.INVALID_ARGUMENT, "The page token is not valid.") from error


def _token(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode()).decode()
