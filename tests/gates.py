"""Settings of the gate for tests that are about something else."""

OPEN = {
    "min_improvement": -1_000.0,
    "confidence": 0.0,
    "max_flawed_share": 1.0,
    "max_dropped_share": 1.0,
    "unmeasured": "promote",
}
"""Lets every model in, whatever it answers, and without a hold-out."""
