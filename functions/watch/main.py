"""A tick: send what waits, follow the jobs, move the alias."""

import functions_framework
from flask import current_app

from attune.entry import doors
from attune.entry.envelope import Event

doors.guard(current_app)


@functions_framework.cloud_event
def watch(event: Event) -> None:
    """Serves one CloudEvent."""
    doors.watch(event)
