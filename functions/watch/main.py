"""A tick: send what waits, follow the jobs, move the alias."""

import functions_framework

from attune.entry import doors
from attune.entry.envelope import Event


@functions_framework.cloud_event
def watch(event: Event) -> None:
    """Serves one CloudEvent."""
    doors.watch(event)
