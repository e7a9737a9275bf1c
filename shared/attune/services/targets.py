"""Read a target that is no transcript: one of a task's labels, or a JSON document that its schema allows."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

import orjson

from attune.domain.finding import Finding
from attune.domain.quality.rules import found
from attune.domain.task import Kind, Task
from attune.domain.transcript import composed, tidied

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator

MOST_NESTING = 64  # objects and arrays within one another; below what Python can follow in a schema of a few steps each
_MOST_LABELS = 20  # that a sentence lists
_LONGEST_WANTED = 80  # characters of what a keyword asks for
_MOST_FAULTS = 50  # that the one to tell of is chosen from

Target = tuple[str, tuple[Finding, ...]]


class _TwiceError(ValueError):
    """A name stands twice in one object."""


def read_target(text: str, task: Task) -> Target | Finding:
    """The target as it is taught, and what was repaired; or what is wrong with it, which never quotes it.

    A label is one line, and one of the task's if it has any, as it is written there. A document is written without
    blanks between its parts, names in the order given, letters as themselves and numbers as short as can be.
    """
    if task.kind is Kind.CLASSIFICATION:
        return _read_label(text.strip(), task.labels)
    if task.kind is Kind.JSON:
        return _read_document(text.strip(), task.json_schema or {})
    return text, ()


def _read_label(text: str, labels: Sequence[str]) -> Target | Finding:
    lines = len(text.splitlines())
    if lines != 1:
        return found("target_label", f"A label is one line; this file has {lines:,}.")
    if not labels:
        return text, ()
    label = {_repaired(label): label for label in labels}.get(_repaired(text))
    if label is None:
        return found("target_label", f"It is none of the task's {len(labels):,} labels: {_listed(labels)}.")
    return label, ()


def _repaired(label: str) -> str:
    """The label as it would be read from a file."""
    return tidied(composed(label))[0]


def _listed(labels: Sequence[str]) -> str:
    more = len(labels) - _MOST_LABELS
    return ", ".join(labels[:_MOST_LABELS]) + (f", and {more:,} more" if more > 0 else "")


def _read_document(text: str, schema: Mapping[str, object]) -> Target | Finding:
    if fault := _syntax_fault(text):
        return found("target_not_json", fault)
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except _TwiceError:
        return found("target_not_json", "A name stands twice in one object.")
    if schema and (fault := _checker(json.dumps(schema, sort_keys=True, default=dict))(value)):
        return found("target_schema", fault)
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if compact == text:
        return text, ()
    sentence = f"It was written compactly: {len(text):,} characters became {len(compact):,}."
    return compact, (found("repaired_json", sentence),)


def _syntax_fault(text: str) -> str | None:
    """Why a text is no JSON document; its parser is a strict one, and knows no NaN and no halves of characters."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        return f"It is no JSON, as of line {error.lineno:,}, column {error.colno:,}: {error.msg}."
    if _is_deeper(value, MOST_NESTING):
        return f"It has more than {MOST_NESTING} objects and arrays within one another."
    return None


def _is_deeper(value: object, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [inner for outer in level for inner in _parts(outer)]
    return any(isinstance(inner, (dict, list)) for inner in level)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _TwiceError
    return made


@lru_cache(maxsize=64)
def _checker(schema: str) -> Callable[[Any], str | None]:
    """What says why a document is not allowed by a schema, given as JSON. Nothing is ever fetched for it."""
    import jsonschema  # noqa: PLC0415 - a tenth of a second that only a task with a schema has to spend
    from referencing import Registry  # noqa: PLC0415 - the same
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - the same

    known = json.loads(schema)
    extend = jsonschema.validators.extend
    kind = extend(jsonschema.Draft202012Validator, {"uniqueItems": _unique_items})  # type: ignore[no-untyped-call]  # its stubs have no types for it
    validator: Validator = kind(known, registry=Registry())
    names = frozenset(_named(known))

    def fault(value: Any) -> str | None:
        try:
            worst = jsonschema.exceptions.best_match(islice(validator.iter_errors(value), _MOST_FAULTS))
        except Unresolvable:
            return "The task's json_schema refers to something that is not in it, so nothing can be checked."
        except RecursionError:
            return "The task's json_schema leads deeper into itself than can be checked."
        return _told(worst, names) if worst else None

    return fault


def _told(error: ValidationError, names: frozenset[str]) -> str:
    """Where a document is wrong and which keyword says so: words of the schema's alone."""
    path = "".join(_step(part, names) for part in error.absolute_path)
    keyword = f"{error.validator}{_asked(error.validator_value)}" if error.validator else "false"
    return f"At ${path} it is not what the task's json_schema asks for with {keyword}."


def _asked(value: object) -> str:
    written = json.dumps(value, ensure_ascii=False)
    return f" ({written})" if len(written) <= _LONGEST_WANTED else ""


def _step(part: str | int, names: frozenset[str]) -> str:
    """A step of a JSON path; a name that the schema does not have is the document's own, and stays unsaid."""
    if isinstance(part, int):
        return f"[{part}]"
    if part not in names:
        return ".*"
    return f".{part}" if part.isidentifier() else f"[{json.dumps(part, ensure_ascii=False)}]"


def _named(schema: object) -> Iterator[str]:
    """The names of properties that a schema has, anywhere in it."""
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        yield from properties if isinstance(properties, Mapping) else ()
    for part in _parts(schema):
        yield from _named(part)


def _unique_items(
    _validator: Validator, wanted: object, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """The keyword uniqueItems, in one pass: the library's takes the square of a long array's length."""
    if not wanted or not isinstance(instance, list):
        return
    if len({_form(item) for item in instance}) < len(instance):
        from jsonschema import ValidationError  # noqa: PLC0415 - see `_checker`

        yield ValidationError("Something stands twice in it.")


def _form(value: object) -> Hashable:
    """Equal for what JSON Schema calls equal: 1 and 1.0, objects in any order of names; but not 1 and true."""
    if isinstance(value, dict):
        return "object", frozenset((name, _form(inner)) for name, inner in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_form, value))
    return ("boolean", value) if isinstance(value, bool) else ("plain", value)
