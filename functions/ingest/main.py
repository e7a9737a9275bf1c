"""An object was finalized in the intake bucket: keep its half of the pair."""

import functions_framework
from flask import current_app

from attune.entry import doors
from attune.entry.envelope import Event

doors.guard(current_app)


@functions_framework.cloud_event
def ingest(event: Event) -> None:
    """Serves one CloudEvent."""
    doors.ingest(event)
