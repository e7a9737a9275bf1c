"""A run was opened: cut, assemble and launch it."""

import functions_framework

from attune.entry import doors
from attune.entry.envelope import Event


@functions_framework.cloud_event
def launch(event: Event) -> None:
    """Serves one CloudEvent."""
    doors.launch(event)
