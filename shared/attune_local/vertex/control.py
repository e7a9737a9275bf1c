"""/_control: misbehaviour on order, and a look from outside at what the service was asked to do."""

from dataclasses import fields

from flask import Blueprint, Response, jsonify, request
from pydantic import TypeAdapter, ValidationError

from attune_local.vertex import wire
from attune_local.vertex.engine import Engine, JobRecord
from attune_local.vertex.errors import Code, ServiceError
from attune_local.vertex.mischief import Method, Mischief


def control_routes(engine: Engine) -> Blueprint:
    """The routes; each body is a JSON object.

    - POST mischief: a Mischief by its fields: `{"kind": "drop_rows", "indices": [2, 5], "times": 1}`
    - POST release: `{}` for every job that is held or paused, or `{"job": NAME}`
    - POST vanish: `{"endpoint": NAME}`
    - POST reset
    - GET jobs, GET calls
    """
    routes = Blueprint("control", __name__, url_prefix="/_control")

    @routes.post("/mischief")
    def misbehave() -> Response:
        engine.misbehave(mischief(request.get_json()))
        return jsonify({})

    @routes.post("/release")
    def release() -> Response:
        engine.release(_member("job"))
        return jsonify({})

    @routes.post("/vanish")
    def vanish() -> Response:
        engine.vanish(_member("endpoint") or "")
        return jsonify({})

    @routes.post("/reset")
    def reset() -> Response:
        engine.reset()
        return jsonify({})

    @routes.get("/jobs")
    def jobs() -> Response:
        creations = engine.calls().get(Method.CREATE_TUNING_JOB, 0)
        return jsonify({"createCalls": creations, "jobs": [_record(record) for record in engine.jobs()]})

    @routes.get("/calls")
    def calls() -> Response:
        return jsonify({str(method): count for method, count in engine.calls().items()})

    return routes


def mischief(body: object) -> Mischief:
    """A Mischief from the JSON of its fields; 400 for one that is not known."""
    known = {field.name for field in fields(Mischief)}
    if not isinstance(body, dict) or not body.keys() <= known:
        raise ServiceError(Code.INVALID_ARGUMENT, f"A Mischief has the fields {', '.join(sorted(known))}.")
    try:
        return TypeAdapter(Mischief).validate_python(body)
    except ValidationError as error:
        raise ServiceError(Code.INVALID_ARGUMENT, f"This is not a Mischief: {error}") from error


def _member(key: str) -> str | None:
    body = request.get_json(silent=True)
    value = body.get(key) if isinstance(body, dict) else None
    return value if isinstance(value, str) else None


def _record(record: JobRecord) -> wire.Json:
    return {
        "job": wire.job_json(record.job, enum_numbers=False),
        "mischief": [str(kind) for kind in record.mischief],
        "held": record.held,
        "rows": record.rows,
        "dropped": [{"index": row.index, "reason": row.reason} for row in record.dropped],
    }
