"""What keeps a person's command from a deployment's database, in our words, with what helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from google.api_core.exceptions import GoogleAPICallError
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError

from attune.adapters.admin import LOGIN
from attune.errors import PassingError
from attune.ports_project import UnseenError


@contextmanager
def reaching(what: str, role: str) -> Iterator[None]:
    """Around calls to Firestore about something, for which a role on the project is enough.

    Raises:
        UnseenError: there are no credentials, they are not taken or not enough, or there was no answer.
    """
    try:
        yield
    except DefaultCredentialsError as none:
        raise UnseenError("there are no Google credentials here", LOGIN) from none
    except GoogleAuthError as refused:
        raise UnseenError(f"Google did not take the credentials ({type(refused).__name__})", LOGIN) from refused
    except GoogleAPICallError as denied:
        said = f"Firestore did not let {what} be reached ({type(denied).__name__})"
        raise UnseenError(said, f"ask for {role} on the project") from denied
    except PassingError as lost:
        raise UnseenError(f"Firestore did not answer ({type(lost).__name__})", "look again") from lost
