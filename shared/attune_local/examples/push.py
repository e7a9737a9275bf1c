"""Push: have Pub/Sub post what happens to a web server of yours, which looks at who sent it.

gcloud pubsub subscriptions create my-app --topic=attune-events --ack-deadline=60 \
    --push-endpoint=https://my-app.example/attune --push-auth-token-audience=https://my-app.example/attune \
    --push-auth-service-account=push@PROJECT.iam.gserviceaccount.com

Whoever knows the address can post to it. Pub/Sub's posts carry a token that Google signed for that account; without it
they are refused here.
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


def create_app(
    audience: str, account: str, handle: Callable[[Event], None], certificates: transport.Request | None = None
) -> Flask:
    """A server that hands each event to `handle` before it says 204; when that raises it says 500, and it comes again.

    `audience` and `account` are those of the subscription. Google's certificates are fetched for each event, through
    `certificates`: for more than a few a minute, give it a session that keeps them (google-auth's page on id_token).
    """
    app = Flask(__name__)
    fetch = certificates or Request()

    @app.post(ADDRESS)
    def take() -> Response:
        if not _is_from(account, audience, request.headers.get("authorization", ""), fetch):
            return Response(status=401)
        message = request.get_json()["message"]
        handle(Event.of(message["attributes"], base64.b64decode(message["data"])))
        return Response(status=204)

    return app


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
