"""The service over HTTP: Vertex AI's paths under /v1 and /v1beta1, and /_control for the one who runs it."""

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Blueprint, Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.serving import WSGIRequestHandler, make_server

from attune_local.vertex import wire
from attune_local.vertex.content import Conversation, MalformedError, parse_conversation
from attune_local.vertex.control import control_routes
from attune_local.vertex.engine import Engine
from attune_local.vertex.errors import AnswerLostError, Code, ServiceError

_PLACE = "/<any(v1,v1beta1):version>/projects/<project>/locations/<region>"
_UNPLACED = "/<any(v1,v1beta1):version>"
_POLL_SECONDS = 0.02
"""How soon a server that is told to stop notices."""
_LOG = logging.getLogger(__name__)


def create_app(engine: Engine) -> Flask:
    """The Flask application in front of an engine."""
    app = Flask(__name__)
    for routes in (_tuning_routes(engine), _endpoint_routes(engine), _model_routes(engine), _answer_routes(engine)):
        app.register_blueprint(routes)
    app.register_blueprint(control_routes(engine))
    app.register_error_handler(ServiceError, _refused)
    app.register_error_handler(AnswerLostError, _lost)
    app.register_error_handler(HTTPException, _not_a_path)
    return app


@contextmanager
def serving(engine: Engine, *, host: str = "127.0.0.1", port: int = 0, tick_seconds: float = 0.0) -> Iterator[str]:
    """Serves in threads, and yields the address, such as http://127.0.0.1:8085.

    With `tick_seconds`, jobs also walk on while no one calls.
    """
    server = make_server(host, port, create_app(engine), threaded=True, request_handler=_QuietHandler)
    stop = threading.Event()
    threads = [threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,), name="vertex", daemon=True)]
    if tick_seconds:
        threads.append(
            threading.Thread(target=_tick, args=(engine, tick_seconds, stop), name="vertex-clock", daemon=True)
        )
    for thread in threads:
        thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        stop.set()
        server.shutdown()
        for thread in threads:
            thread.join()
        server.server_close()


class _QuietHandler(WSGIRequestHandler):
    """Keeps requests out of the log."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Says nothing."""


def _tick(engine: Engine, seconds: float, stop: threading.Event) -> None:
    while not stop.wait(seconds):
        try:
            engine.tick()
        except Exception:  # noqa: BLE001 # whatever the storage raised, the clock goes on and the job is tried again
            _LOG.exception("a dataset could not be read; trying again")


def _tuning_routes(engine: Engine) -> Blueprint:
    routes = Blueprint("tuning", __name__)

    @routes.post(f"{_PLACE}/tuningJobs")
    def create(project: str, region: str, **_: str) -> Response:
        job = engine.create_tuning_job(_parent(project, region), wire.tuning_request(_body()))
        return jsonify(wire.job_json(job, enum_numbers=_enum_numbers()))

    @routes.get(f"{_PLACE}/tuningJobs")
    def list_(project: str, region: str, **_: str) -> Response:
        size, token = _paging()
        page = engine.list_tuning_jobs(_parent(project, region), filter_=_filter(), page_size=size, page_token=token)
        return jsonify(wire.jobs_json(page, enum_numbers=_enum_numbers()))

    @routes.get(f"{_PLACE}/tuningJobs/<job>")
    def get(project: str, region: str, job: str, **_: str) -> Response:
        found = engine.get_tuning_job(f"{_parent(project, region)}/tuningJobs/{job}")
        return jsonify(wire.job_json(found, enum_numbers=_enum_numbers()))

    @routes.post(f"{_PLACE}/tuningJobs/<job>:cancel")
    def cancel(project: str, region: str, job: str, **_: str) -> Response:
        engine.cancel_tuning_job(f"{_parent(project, region)}/tuningJobs/{job}")
        return jsonify({})

    return routes


def _endpoint_routes(engine: Engine) -> Blueprint:
    routes = Blueprint("endpoints", __name__)

    @routes.get(f"{_PLACE}/endpoints")
    def list_(project: str, region: str, **_: str) -> Response:
        size, token = _paging()
        page = engine.list_endpoints(_parent(project, region), filter_=_filter(), page_size=size, page_token=token)
        return jsonify(wire.endpoints_json(page))

    @routes.get(f"{_PLACE}/endpoints/<endpoint>")
    def get(project: str, region: str, endpoint: str, **_: str) -> Response:
        return jsonify(wire.endpoint_json(engine.get_endpoint(f"{_parent(project, region)}/endpoints/{endpoint}")))

    @routes.delete(f"{_PLACE}/endpoints/<endpoint>")
    def delete(project: str, region: str, endpoint: str, **_: str) -> Response:
        name = f"{_parent(project, region)}/endpoints/{endpoint}"
        engine.delete_endpoint(name)
        return jsonify(wire.operation_json(name, "google.protobuf.Empty"))

    @routes.post(f"{_PLACE}/endpoints/<endpoint>:undeployModel")
    def undeploy(project: str, region: str, endpoint: str, **_: str) -> Response:
        name = f"{_parent(project, region)}/endpoints/{endpoint}"
        engine.undeploy_model(name, wire.deployed_model_id(_body()))
        return jsonify(wire.operation_json(name, "google.cloud.aiplatform.v1.UndeployModelResponse"))

    return routes


def _model_routes(engine: Engine) -> Blueprint:
    """`<model>` is an id, with or without `@version`."""
    routes = Blueprint("models", __name__)

    @routes.get(f"{_PLACE}/models/<model>")
    def get(project: str, region: str, model: str, **_: str) -> Response:
        return jsonify(wire.model_json(engine.get_model(f"{_parent(project, region)}/models/{model}")))

    @routes.patch(f"{_PLACE}/models/<model>")
    def update(project: str, region: str, model: str, **_: str) -> Response:
        changes = wire.model_changes(_body(), request.args.get("updateMask", ""))
        return jsonify(wire.model_json(engine.update_model(f"{_parent(project, region)}/models/{model}", changes)))

    @routes.post(f"{_PLACE}/models/<model>:mergeVersionAliases")
    def merge(project: str, region: str, model: str, **_: str) -> Response:
        name = f"{_parent(project, region)}/models/{model}"
        return jsonify(wire.model_json(engine.merge_version_aliases(name, wire.aliases(_body()))))

    return routes


def _answer_routes(engine: Engine) -> Blueprint:
    routes = Blueprint("answers", __name__)

    def answer(name: str) -> Response:
        reply = engine.generate_content(name, _conversation(_body()))
        return jsonify(wire.answer_json(reply, enum_numbers=_enum_numbers()))

    @routes.post(f"{_PLACE}/endpoints/<endpoint>:generateContent")
    def tuned(project: str, region: str, endpoint: str, **_: str) -> Response:
        return answer(f"{_parent(project, region)}/endpoints/{endpoint}")

    @routes.post(f"{_UNPLACED}/endpoints/<endpoint>:generateContent")
    def tuned_anywhere(endpoint: str, **_: str) -> Response:
        return answer(f"endpoints/{endpoint}")

    @routes.post(f"{_PLACE}/publishers/google/models/<model>:generateContent")
    @routes.post(f"{_UNPLACED}/publishers/google/models/<model>:generateContent")
    def base(model: str, **_: str) -> Response:
        return answer(f"publishers/google/models/{model}")

    return routes


def _parent(project: str, region: str) -> str:
    return f"projects/{project}/locations/{region}"


def _body() -> object:
    body = request.get_json(force=True, silent=True)
    if body is None:
        raise ServiceError(Code.INVALID_ARGUMENT, "Invalid JSON payload received.")
    return body


def _conversation(body: object) -> Conversation:
    """The body's conversation; `model` repeats the path and is left out."""
    members = {key: value for key, value in body.items() if key != "model"} if isinstance(body, dict) else body
    try:
        return parse_conversation(members)
    except MalformedError as error:
        raise ServiceError(Code.INVALID_ARGUMENT, f"The request {error}.") from error


def _enum_numbers() -> bool:
    """Whether the caller asked for enums by number, as Google's generated clients do."""
    return "enum-encoding=int" in request.args.get("$alt", "")


def _paging() -> tuple[int, str]:
    return request.args.get("pageSize", 0, type=int), request.args.get("pageToken", "")


def _filter() -> str:
    return request.args.get("filter", "")


def _refused(error: ServiceError) -> tuple[Response, int]:
    return jsonify(wire.error_json(error)), error.code.http


def _lost(_: AnswerLostError) -> Response:
    """Breaks the connection; what is returned never leaves."""
    connection: socket.socket = request.environ["werkzeug.socket"]
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def _not_a_path(error: HTTPException) -> tuple[Response, int]:
    status = error.code or Code.INTERNAL.http
    return jsonify({"error": {"code": status, "message": error.description, "status": error.name.upper()}}), status
