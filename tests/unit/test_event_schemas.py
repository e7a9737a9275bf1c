"""The events' schemas: made from the events, kept by every example, and changed only where nobody can notice."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from attune import schemas
from attune.schemas import __main__ as tool
from attune.schemas import compatibility
from attune.schemas.compatibility import breaks
from attune.schemas.making import facts, made, schema_made, unexplained
from told import FACTS, captured

TYPES = sorted(facts())
Change = Mapping[str, Any]
PUBLISHED: dict[str, Any] = {
    "title": "an event",
    "type": "object",
    "properties": {
        "run": {"type": "string", "description": "The run."},
        "rows": {"type": "integer"},
        "state": {"type": "string", "enum": ["started", "failed"]},
        "model": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        "errors": {"type": "array", "items": {"type": "string"}},
        "note": {"type": "string"},
    },
    "required": ["run", "rows", "state", "model", "errors"],
    "additionalProperties": True,
}


def changed(**fields: Any) -> dict[str, Any]:
    """The published schema with other fields; None takes one out."""
    after = deepcopy(PUBLISHED)
    kept = after["properties"] | fields
    after["properties"] = {name: field for name, field in kept.items() if field is not None}
    return after


def requiring(*names: str, **fields: Any) -> dict[str, Any]:
    return changed(**fields) | {"required": list(names)}


REQUIRED = tuple(PUBLISHED["required"])
ALLOWED = {
    "another title or description": changed(run={"type": "string", "description": "Which run."}) | {"title": "it"},
    "a new field that is not required": changed(cost={"type": "number"}),
    "one more value of an enum": changed(state={"type": "string", "enum": ["started", "failed", "paused"]}),
}
REFUSED = {
    "a field is gone": [
        (requiring("rows", "state", "model", "errors", run=None), "run of the message is gone"),
        (changed(note=None), "note of the message is gone"),
    ],
    "a field has another type, or may be null now": [
        (changed(rows={"type": "number"}), "rows had type 'integer' and has type 'number'"),
        (changed(run={"anyOf": [{"type": "string"}, {"type": "null"}]}), "run had no anyOf and has anyOf"),
        (changed(model={"type": "string"}), "model had anyOf"),
        (changed(errors={"type": "array", "items": {"type": "integer"}}), "each of errors had type 'string'"),
        (changed(errors={"type": "array"}), "errors says otherwise than before what it is a list of"),
    ],
    "a required field no longer is": [
        (requiring(*REQUIRED[1:]), "run of the message was required and no longer is"),
    ],
    "a field is required now, a new one included": [
        (requiring(*REQUIRED, "note"), "note of the message is required now"),
        (requiring(*REQUIRED, "cost", cost={"type": "number"}), "cost of the message is required now"),
    ],
    "a value of an enum is gone, or its whole list": [
        (changed(state={"type": "string", "enum": ["started"]}), "state can no longer be 'failed'"),
        (changed(state={"type": "string"}), "state was one of ['started', 'failed'] and is not held"),
        (changed(run={"type": "string", "enum": ["r000001"]}), "run was not held to certain values"),
    ],
    "unknown fields are refused": [
        (PUBLISHED | {"additionalProperties": False}, "the message had additionalProperties True"),
    ],
    "any other keyword": [
        (changed(rows={"type": "integer", "minimum": 1}), "rows had no minimum and has minimum 1"),
        (changed(run={"type": "string", "pattern": "^r"}), "run had no pattern and has pattern '^r'"),
    ],
}
OF_WHOLE_TYPES = {"a new event type": "yes", "an event type is gone": "no"}


@pytest.mark.parametrize("change", ALLOWED)
def test_a_change_that_nobody_can_notice_is_allowed(change: str) -> None:
    assert list(breaks(PUBLISHED, ALLOWED[change])) == []


@pytest.mark.parametrize(("after", "sentence"), [case for cases in REFUSED.values() for case in cases])
def test_a_change_that_somebody_would_notice_is_refused_in_a_sentence(after: Change, sentence: str) -> None:
    (said,) = [each for each in breaks(PUBLISHED, after) if each.startswith(sentence)]
    assert said


def test_a_change_deep_within_a_message_is_found() -> None:
    before = {"properties": {}, "$defs": {"Score": {"properties": {"value": {"type": "number"}}}}}
    after = {"properties": {}, "$defs": {"Score": {"properties": {"value": {"type": "string"}}}}}
    assert list(breaks(before, after)) == ["value had type 'number' and has type 'string'"]
    assert list(breaks(before, {"properties": {}, "$defs": {}})) == ["Score of the message is gone"]


def test_every_line_of_the_rules_table_is_proven_here() -> None:
    rows = re.findall(r"^\| (.+?) +\| (yes|no) ", str(compatibility.__doc__), flags=re.MULTILINE)
    proven = dict.fromkeys(ALLOWED, "yes") | dict.fromkeys(REFUSED, "no") | OF_WHOLE_TYPES
    assert dict(rows) == proven


@pytest.mark.parametrize("event_type", TYPES)
def test_the_committed_schema_is_what_its_event_is_now(event_type: str) -> None:
    found = {each.type: each for each in tool.check(tool.read(tool.FOLDER), made())}[event_type]
    assert not found.wrong
    assert not found.stale, "run `python -m attune.schemas`"


def test_every_type_has_a_schema_and_an_example_and_there_are_no_others() -> None:
    assert schemas.types() == TYPES
    assert sorted(fact.TYPE for fact in FACTS) == TYPES


@pytest.mark.parametrize("event_type", TYPES)
def test_a_schema_is_one_of_draft_2020_12_and_says_what_every_field_means(event_type: str) -> None:
    schema = schemas.schema_of(event_type)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == event_type
    assert schema["description"]
    assert unexplained(schema) == []


@pytest.mark.parametrize("event_type", TYPES)
def test_the_example_of_a_type_keeps_to_its_schema_and_has_all_of_its_fields(event_type: str) -> None:
    example, schema = captured(event_type), schemas.schema_of(event_type)
    assert example["attributes"]["ce-type"] == event_type
    Draft202012Validator(schema).validate(example["data"])
    assert isinstance(schema["properties"], dict)
    assert example["data"].keys() == schema["properties"].keys()


@pytest.mark.parametrize("event_type", TYPES)
def test_a_field_that_a_newer_version_adds_is_taken(event_type: str) -> None:
    Draft202012Validator(schemas.schema_of(event_type)).validate(captured(event_type)["data"] | {"not known yet": 1})


@pytest.mark.parametrize("event_type", TYPES)
def test_a_field_that_is_left_out_or_of_another_type_is_not_taken(event_type: str) -> None:
    validator, data = Draft202012Validator(schemas.schema_of(event_type)), captured(event_type)["data"]
    for name in data:
        without = {kept: value for kept, value in data.items() if kept != name}
        required = cast("list[str]", schemas.schema_of(event_type)["required"])
        assert validator.is_valid(without) is (name not in required)
        assert not validator.is_valid(data | {name: {"of another": "type"}})


def test_a_type_that_is_not_announced_is_refused_with_those_that_are() -> None:
    with pytest.raises(KeyError, match=r"dev\.attune\.run\.v1\.started"):
        schemas.schema_of("dev.attune.run.v1.exploded")


def test_a_new_type_is_allowed_and_one_that_is_gone_is_not() -> None:
    some = schemas.schema_of(TYPES[0])
    gone, new = tool.check({"gone": some}, {"new": some})
    assert (new.wrong, new.stale) == ((), True)
    assert gone.wrong == ("it is announced no longer, and somebody waits for it",)


@dataclass(frozen=True, slots=True)
class Exploded:
    """An event with a field that may be left out, and one that nobody has explained."""

    run: str
    fuse: float = 1.5


def test_a_field_with_a_default_is_not_required_and_one_without_a_meaning_is_named() -> None:
    schema = schema_made("exploded", Exploded)
    assert schema["required"] == ["run"]
    assert schema["properties"] == {
        "run": {"description": schemas.schema_of(TYPES[0])["properties"]["run"]["description"], "type": "string"},  # type: ignore[index]  # JSON
        "fuse": {"type": "number"},
    }
    assert unexplained(schema) == ["fuse"]


def test_the_tool_writes_what_is_missing_and_then_finds_all_in_order(tmp_path: Path) -> None:
    assert tool.main(["--check", "--folder", str(tmp_path)]) == 1
    assert tool.main(["--folder", str(tmp_path)]) == 0
    assert tool.main(["--check", "--folder", str(tmp_path)]) == 0
    assert tool.read(tmp_path) == tool.read(tool.FOLDER)


def test_the_tool_writes_nothing_while_a_change_is_not_allowed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tool.main(["--folder", str(tmp_path)])
    promised = tmp_path / f"{TYPES[0]}.json"
    before = json.loads(promised.read_text())
    before["properties"]["promised"] = {"type": "string"}
    promised.write_text(json.dumps(before))
    (tmp_path / f"{TYPES[1]}.json").unlink()
    assert tool.main(["--folder", str(tmp_path)]) == 1
    assert "promised of the message is gone" in capsys.readouterr().out
    assert json.loads(promised.read_text()) == before
    assert not (tmp_path / f"{TYPES[1]}.json").exists()
