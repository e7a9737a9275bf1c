"""Whether the labels and schemas that people write for their tasks can be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence


def labels_fault(labels: Sequence[str]) -> str | None:
    """Why these cannot be a classification's labels, or None."""
    odd = [label for label in labels if label != label.strip() or len(label.splitlines()) != 1]
    if odd:
        return f"{len(odd)} of the labels have blanks around them or more than one line"
    return "a label stands twice" if len(set(labels)) < len(labels) else None


def schema_fault(schema: Mapping[str, object]) -> str | None:
    """Why this is no JSON Schema (draft 2020-12) that stands alone, or None. Nothing is fetched for it."""
    if not schema:
        return None
    import jsonschema  # noqa: PLC0415 - a tenth of a second that only a dataset with a schema has to spend
    from referencing import Registry  # noqa: PLC0415 - the same
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - the same

    if outside := sorted({reference for reference in _references(schema) if not reference.startswith("#")}):
        return f"json_schema refers to {', '.join(outside)}: only what is in it can be referred to, from # on"
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        validator = jsonschema.Draft202012Validator(schema, registry=Registry())
        for reference in _references(schema):
            validator.evolve(schema={"$ref": reference, "$defs": schema.get("$defs", {})}).is_valid(None)
        list(validator.iter_errors({}))
    except jsonschema.SchemaError as error:
        return f"json_schema cannot be used: {error.json_path}: {error.message}"
    except Unresolvable as error:
        return f"json_schema cannot be used: it refers to {error.ref}, which is not in it"
    except RecursionError:
        return "json_schema cannot be used: it refers to itself without end"
    return None


def _references(schema: object) -> Iterator[str]:
    if isinstance(schema, Mapping):
        if isinstance(reference := schema.get("$ref"), str):
            yield reference
        for part in schema.values():
            yield from _references(part)
    elif isinstance(schema, (list, tuple)):
        for part in schema:
            yield from _references(part)
