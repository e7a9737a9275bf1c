"""An object is gone from the intake bucket: take it out of its pair."""

import functions_framework
from flask import current_app

from attune.entry import doors
from attune.entry.envelope import Event

doors.guard(current_app)


@functions_framework.cloud_event
def erase(event: Event) -> None:
    """Serves one CloudEvent."""
    doors.erase(event)
