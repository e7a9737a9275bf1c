"""Google's admin APIs over REST, read only: one call, one answer as JSON, and their refusals in our words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import requests
from google.auth import default
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError
from google.auth.transport.requests import AuthorizedSession
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from attune.adapters.quiet import quiet
from attune.ports_project import UnseenError

LOGIN = "gcloud auth application-default login"
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"  # Firestore's and IAM's own take no narrower one
_SECONDS = (5.0, 30.0)  # to connect; between two bytes
_MISSING, _REFUSED = 404, {401, 403}
_REPEATED = Retry(
    3,
    backoff_factor=0.3,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,  # every call here reads, those that are a POST too
    raise_on_status=False,
)
_PAGE = "nextPageToken"

Json = dict[str, Any]


class AdminApis:
    """Google's APIs by their service names; at an `http://` endpoint, those that stand in for them there.

    A stand-in has each API under its service's name: `http://127.0.0.1:8000/pubsub.googleapis.com/v1/…`.
    """

    def __init__(self, session: requests.Session, project: str, endpoint: str | None = None) -> None:
        for scheme in ("https://", "http://"):
            session.mount(scheme, HTTPAdapter(max_retries=_REPEATED))
        self._session = session
        self._project = project
        self._endpoint = endpoint

    def get(self, service: str, path: str, **parameters: str) -> Json | None:
        """What is there; None where nothing is."""
        return self._ask("GET", service, path, parameters, None)

    def post(self, service: str, path: str, body: Mapping[str, object]) -> Json | None:
        """What a question that travels as a POST is answered; None where what it is about is not there."""
        return self._ask("POST", service, path, {}, body)

    def all(self, service: str, path: str, member: str, **parameters: str) -> Iterator[Json]:
        """Every element of a list, page by page; none where there is no such list."""
        token = ""
        while True:
            page = self.get(service, path, **parameters, **({"pageToken": token} if token else {})) or {}
            yield from page.get(member, ())
            token = page.get(_PAGE, "")
            if not token:
                return

    def _ask(self, method: str, service: str, path: str, parameters: Mapping[str, str], body: Any) -> Json | None:
        url = f"{self._endpoint.rstrip('/')}/{service}/{path}" if self._endpoint else f"https://{service}/{path}"
        try:
            answer = self._session.request(method, url, params=parameters, json=body, timeout=_SECONDS)
        except GoogleAuthError as refused:
            raise UnseenError(f"Google did not take the credentials ({type(refused).__name__})", LOGIN) from refused
        except requests.RequestException as lost:
            raise UnseenError(f"{service} did not answer ({type(lost).__name__})", "look again") from lost
        if answer.status_code == _MISSING:
            return None
        if not answer.ok:
            raise self._refusal(service, answer)
        return dict(_json(answer))

    def _refusal(self, service: str, answer: requests.Response) -> UnseenError:
        error = _json(answer).get("error")
        told = error if isinstance(error, dict) else {}
        if _is_off(told):
            return UnseenError(
                f"the API {service} is off", f"gcloud services enable {service} --project={self._project}"
            )
        said = quiet(str(told.get("message") or answer.reason))
        if answer.status_code in _REFUSED:
            ask = f"gcloud projects add-iam-policy-binding {self._project} --member=user:YOU --role="
            todo = f"ask for roles/viewer and roles/iam.securityReviewer: {ask}roles/iam.securityReviewer"
            return UnseenError(f"{service} denied it: {said}", todo)
        return UnseenError(f"{service} answered {answer.status_code}: {said}", "look again")


def admin_apis(project: str, endpoint: str | None) -> AdminApis:
    """The APIs, under the person's own credentials; at an `http://` endpoint, without any.

    Raises:
        UnseenError: there are no credentials.
    """
    if endpoint:
        return AdminApis(requests.Session(), project, endpoint)
    try:
        credentials, _ = default(scopes=[_SCOPE])
    except DefaultCredentialsError as none:
        raise UnseenError("there are no Google credentials here", LOGIN) from none
    return AdminApis(AuthorizedSession(credentials), project)  # type: ignore[no-untyped-call]  # no types there


def _is_off(error: Mapping[str, Any]) -> bool:
    """Newer services name the reason among the details; Cloud Storage does in `errors`."""
    reasons = {each.get("reason") for each in (*error.get("details", ()), *error.get("errors", ()))}
    return bool(reasons & {"SERVICE_DISABLED", "accessNotConfigured"})


def _json(answer: requests.Response) -> Json:
    try:
        read = answer.json()
    except requests.JSONDecodeError:
        return {}
    return read if isinstance(read, dict) else {}
