"""Push: have Pub/Sub post what happens to a web server of yours, which looks at who sent it.

gcloud pubsub subscriptions create my-app --topic=attune-events --ack-deadline=60 \
    --push-endpoint=https://my-app.example/attune --push-auth-token-audience=https://my-app.example/attune \
    --push-auth-service-account=push@PROJECT.iam.gserviceaccount.com

Whoever knows the address can post to it. Pub/Sub's posts carry a token that Google signed for that account; without it
they are refused here, before anything of their body is read.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from flask import Flask, Response, request
from google.auth import transport
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from attune_local.examples.pull import Event

ADDRESS = "/attune"
# A message has 10 MB at most ("Quotas and limits", Pub/Sub), and base64 makes a third more of it.
LARGEST_BYTES = 14_000_000


def create_app(
    audience: str, account: str, handle: Callable[[Event], None], certificates: transport.Request | None = None
) -> Flask:
    """A server that hands each event to `handle` before it says 204; when that raises it says 500, and it comes again.

    A post without the account's token is answered with 401, one that is larger than any message with 413, and one that
    is no message of ours with 400. `audience` and `account` are those of the subscription. Google's certificates are
    fetched for each event, through `certificates`: for more than a few a minute, give it a session that keeps them
    (google-auth's page on id_token).
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_BYTES
    fetch = certificates or Request()

    @app.post(ADDRESS)
    def take() -> Response:
        if not _is_from(account, audience, request.headers.get("authorization", ""), fetch):
            return Response(status=401)
        if (event := _event(request.get_json(force=True))) is None:
            return Response(status=400)
        handle(event)
        return Response(status=204)

    return app


def _event(pushed: object) -> Event | None:
    """The event in what was posted; None where there is none."""
    try:
        message = pushed["message"]  # type: ignore[index]  # what is no object raises TypeError
        return Event.of(message["attributes"], base64.b64decode(message["data"], validate=True))
    except (KeyError, TypeError, ValueError):
        return None


def _is_from(account: str, audience: str, authorization: str, fetch: transport.Request) -> bool:
    """Whether Google says that this account sent it, and for us."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        return False
    try:
        claims = id_token.verify_oauth2_token(token, fetch, audience)  # type: ignore[no-untyped-call]  # no types there
    except TransportError:
        raise  # the certificates could not be fetched: a 500, and it comes again
    except (ValueError, GoogleAuthError):
        return False
    return bool(claims.get("email") == account and claims.get("email_verified"))
