"""A function that does nothing."""

import functions_framework


@functions_framework.cloud_event
def nothing(event: object) -> None:
    """Serves one CloudEvent."""
