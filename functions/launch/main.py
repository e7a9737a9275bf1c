"""A run was opened: cut, assemble and launch it."""

import functions_framework
from flask import current_app

from attune.entry import doors
from attune.entry.envelope import Event

doors.guard(current_app)


@functions_framework.cloud_event
def launch(event: Event) -> None:
    """Serves one CloudEvent."""
    doors.launch(event)
