"""The APIs over HTTP, each under its service's name (`/pubsub.googleapis.com/v1/…`), and `/_control` beside them.

The paths are those of the APIs' discovery documents, of November 2026.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, Flask, Response, jsonify, request

from attune_local.admin.state import Record, State

# How many elements a page has when nobody asks for more; small, so that the next pages are asked for.
PAGE = 10
_OVERRIDDEN_ONLY = "indexConfig.usesAncestorConfig:false"
_ALWAYS_ON = "serviceusage.googleapis.com"
_WITH_CONDITIONS = 3
_NAME = r"[^/:]+"


class RefusedError(Exception):
    """A refusal, as Google writes one."""

    def __init__(self, code: int, status: str, message: str, reason: str = "") -> None:
        super().__init__(message)
        details = [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason}] if reason else []
        self.code = code
        self.body = {"error": {"code": code, "status": status, "message": message, "details": details}}


def create_app(state: State) -> Flask:
    """Return the server in front of a state."""
    app = Flask(__name__)
    app.register_blueprint(_control(state))
    app.register_error_handler(RefusedError, lambda refused: (jsonify(refused.body), refused.code))

    @app.get("/")
    def up() -> Response:
        return jsonify({"project": state.setting.project})

    @app.route("/<service>/<path:path>", methods=["GET", "POST"])
    def answer(service: str, path: str) -> Response:
        _admit(state, service, path)
        for method, place, pattern, tell in _QUESTIONS:
            found = re.fullmatch(pattern, path) if (method, place) == (request.method, service) else None
            if found:
                return jsonify(tell(state, found.groupdict()))
        raise RefusedError(404, "NOT_FOUND", f"{request.method} {service}/{path} is no path of this API.")

    return app


def _admit(state: State, service: str, path: str) -> None:
    if service != _ALWAYS_ON and not state.all("api", name=service):
        said = f"{service} has not been used in project {state.setting.project} before or it is disabled."
        raise RefusedError(403, "PERMISSION_DENIED", said, "SERVICE_DISABLED")
    named = re.search(r"projects/([^/:]+)", path)
    if state.denies(f"{service}/{path}") or (named and named[1] != state.setting.project):
        raise RefusedError(403, "PERMISSION_DENIED", "The caller does not have permission.")


def _control(state: State) -> Blueprint:
    """The routes; each body is a JSON object.

    - POST take: `{"kind": "grant", "role": …}`: takes the records with these members away, and returns them
    - POST put: `{"records": […]}`: puts records back
    - POST change: `{"match": {…}, "told": {…}}`: merges into what is told of the records with these members
    - POST deny: `{"what": "storage.googleapis.com/"}`: denies what contains it; or a permission, by its name
    - POST reset
    """
    routes = Blueprint("control", __name__, url_prefix="/_control")

    @routes.post("/take")
    def take() -> Response:
        return jsonify({"records": state.take(request.get_json())})

    @routes.post("/put")
    def put() -> Response:
        state.put(request.get_json()["records"])
        return jsonify({})

    @routes.post("/change")
    def change() -> Response:
        asked = request.get_json()
        return jsonify({"records": state.change(asked["match"], asked["told"])})

    @routes.post("/deny")
    def deny() -> Response:
        state.deny(request.get_json()["what"])
        return jsonify({})

    @routes.post("/reset")
    def reset() -> Response:
        state.reset()
        return jsonify({})

    return routes


Parts = Mapping[str, str]
Tell = Callable[[State, Parts], Record]


def _one(kind: str) -> Tell:
    def tell(state: State, parts: Parts) -> Record:
        told = state.told(kind, parts["name"])
        if told is None:
            raise _missing(kind, parts["name"])
        return told

    return tell


def _many(kind: str, member: str) -> Tell:
    def tell(state: State, _parts: Parts) -> Record:
        return _page([each["told"] for each in state.all(kind)], member)

    return tell


def _policy(kind: str, made_of: str) -> Tell:
    """The policy of a thing, which is there while the record it is made of is."""

    def tell(state: State, parts: Parts) -> Record:
        name = parts["name"]
        if not state.all(made_of, name=name):
            raise _missing(kind, name)
        return {"bindings": [_binding(each) for each in state.all("grant", on=f"{kind}/{name}")]}

    return tell


def _binding(grant: Record) -> Record:
    """Who asks for a version before the third is told of a condition only that there is one."""
    members = {"members": [grant["member"]]}
    if not grant["condition"]:
        return {"role": grant["role"], **members}
    if _asked_version() < _WITH_CONDITIONS:
        return {"role": f"{grant['role']}_withcond_0", **members}
    return {"role": grant["role"], **members, "condition": {"expression": grant["condition"]}}


def _asked_version() -> int:
    body = request.get_json(silent=True) or {}
    stated = body.get("options", {}).get("requestedPolicyVersion")
    named = ("options.requestedPolicyVersion", "optionsRequestedPolicyVersion")
    return int(stated or next((request.args[name] for name in named if name in request.args), 1))


def _notifications(state: State, parts: Parts) -> Record:
    """All of them, on no pages; where there are none, the member is left out."""
    name = parts["name"]
    if not state.all("bucket", name=name):
        raise _missing("bucket", name)
    told = [each["told"] for each in state.all("notification", on=f"bucket/{name}")]
    return {"kind": "storage#notifications", **({"items": told} if told else {})}


def _enabled(state: State, _parts: Parts) -> Record:
    if request.args.get("filter") != "state:ENABLED":
        raise RefusedError(501, "UNIMPLEMENTED", "Only the enabled services are told here.")
    return _page([each["told"] for each in state.all("api")], "services")


def _overridden(state: State, _parts: Parts) -> Record:
    if request.args.get("filter") != _OVERRIDDEN_ONLY:
        raise RefusedError(400, "INVALID_ARGUMENT", f"The filter must be {_OVERRIDDEN_ONLY}.")
    return _page([each["told"] for each in state.all("field")], "fields")


def _permissions(state: State, _parts: Parts) -> Record:
    return {"permissions": [each for each in request.get_json()["permissions"] if not state.denies(each)]}


def _page(elements: list[Any], member: str) -> Record:
    start = int(request.args.get("pageToken", 0))
    end = start + int(request.args.get("pageSize", PAGE))
    return {member: elements[start:end], **({"nextPageToken": str(end)} if end < len(elements) else {})}


def _missing(kind: str, name: str) -> RefusedError:
    return RefusedError(404, "NOT_FOUND", f"The {kind} {name} does not exist.")


_IN = rf"projects/{_NAME}"
_THERE = rf"{_IN}/locations/{_NAME}"
_DATABASE = rf"v1/{_IN}/databases"
_QUESTIONS: tuple[tuple[str, str, str, Tell], ...] = (
    ("GET", "serviceusage.googleapis.com", rf"v1/{_IN}/services", _enabled),
    (
        "GET",
        "serviceusage.googleapis.com",
        rf"v1beta1/{_IN}/services/aiplatform.googleapis.com/consumerQuotaMetrics",
        _many("quota", "metrics"),
    ),
    ("GET", "cloudresourcemanager.googleapis.com", rf"v3/projects/(?P<name>{_NAME})", _one("project")),
    (
        "POST",
        "cloudresourcemanager.googleapis.com",
        rf"v3/projects/(?P<name>{_NAME}):getIamPolicy",
        _policy("project", "project"),
    ),
    ("POST", "cloudresourcemanager.googleapis.com", rf"v3/{_IN}:testIamPermissions", _permissions),
    ("GET", "iam.googleapis.com", rf"v1/{_IN}/serviceAccounts", _many("account", "accounts")),
    (
        "POST",
        "iam.googleapis.com",
        rf"v1/{_IN}/serviceAccounts/(?P<name>{_NAME}):getIamPolicy",
        _policy("account", "account"),
    ),
    ("GET", "iam.googleapis.com", rf"v1/{_IN}/roles/(?P<name>{_NAME})", _one("role")),
    ("GET", "storage.googleapis.com", rf"storage/v1/b/(?P<name>{_NAME})", _one("bucket")),
    ("GET", "storage.googleapis.com", rf"storage/v1/b/(?P<name>{_NAME})/iam", _policy("bucket", "bucket")),
    ("GET", "storage.googleapis.com", rf"storage/v1/b/(?P<name>{_NAME})/notificationConfigs", _notifications),
    ("GET", "pubsub.googleapis.com", rf"v1/{_IN}/topics", _many("topic", "topics")),
    ("GET", "pubsub.googleapis.com", rf"v1/{_IN}/topics/(?P<name>{_NAME}):getIamPolicy", _policy("topic", "topic")),
    ("GET", "pubsub.googleapis.com", rf"v1/{_IN}/subscriptions/(?P<name>{_NAME})", _one("subscription")),
    (
        "GET",
        "pubsub.googleapis.com",
        rf"v1/{_IN}/subscriptions/(?P<name>{_NAME}):getIamPolicy",
        _policy("subscription", "subscription"),
    ),
    ("GET", "firestore.googleapis.com", rf"{_DATABASE}/(?P<name>{_NAME})", _one("database")),
    (
        "GET",
        "firestore.googleapis.com",
        rf"{_DATABASE}/{_NAME}/collectionGroups/-/indexes",
        _many("index", "indexes"),
    ),
    ("GET", "firestore.googleapis.com", rf"{_DATABASE}/{_NAME}/collectionGroups/-/fields", _overridden),
    ("GET", "cloudfunctions.googleapis.com", rf"v2/{_THERE}/functions", _many("function", "functions")),
    (
        "GET",
        "run.googleapis.com",
        rf"v2/{_THERE}/services/(?P<name>{_NAME}):getIamPolicy",
        _policy("service", "function"),
    ),
    (
        "GET",
        "artifactregistry.googleapis.com",
        rf"v1/{_THERE}/repositories/(?P<name>{_NAME}):getIamPolicy",
        _policy("repository", "repository"),
    ),
)
