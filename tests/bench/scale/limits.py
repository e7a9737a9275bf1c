"""The published limits, what infra sets, and what is assumed: every number of the simulation that is not counted.

`source` is where a number stands; "assumed" is said of those that stand nowhere. The pages were read as stored copies,
in November 2026. Nothing here was measured on Google Cloud.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

INFRA = Path(__file__).parents[3] / "infra"
HOUR = 3600.0
_GCS = "https://cloud.google.com/storage/docs/request-rate"
_FIRESTORE = "https://cloud.google.com/firestore/native/docs/best-practices"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many a second at first, times `growth` every `every` seconds of use."""

    first: float
    source: str
    growth: float = 1.0
    every: float = HOUR

    def at(self, seconds: float) -> float:
        """So many a second, after so many seconds of use as strong as is allowed."""
        return float(self.first * self.growth ** (seconds // self.every))


BUCKET_WRITES = Limit(1_000, _GCS, 2.0, 20 * 60)
BUCKET_READS = Limit(5_000, _GCS, 2.0, 20 * 60)
COLLECTION = Limit(500, f"{_FIRESTORE}#ramping_up_traffic (500/50/5)", 1.5, 5 * 60)
GROWING_INDEX = Limit(500, f"{_FIRESTORE} (an indexed value that only grows: writes a second on the collection)")
DOCUMENT = Limit(1, f"{_FIRESTORE} (sustained writes a second on one document: a rule of thumb)")
OBJECT = Limit(1, "https://cloud.google.com/storage/quotas (writes a second to one object's name)")

PENDING_SECONDS = 10.0
"""How long Cloud Run lets a request wait for an instance before 429:
https://cloud.google.com/run/docs/about-instance-autoscaling."""


@dataclass(frozen=True, slots=True)
class Assumed:
    """Seconds that nobody publishes, as means; a call's is drawn from a lognormal distribution with this `sigma`.

    All are assumed: round figures for a function in the services' own region.
    """

    call_seconds: dict[str, float] = field(
        default_factory=lambda: {
            "documents.commit": 0.030,
            "documents.get": 0.015,
            "documents.get_all": 0.020,
            "documents.count": 0.025,
            "documents.find": 0.025,
            "intake.read": 0.040,
            "objects.put": 0.070,
            "post.publish": 0.025,
        }
    )
    sigma: float = 0.5
    bytes_a_second: float = 50e6
    delivery_seconds: float = 0.2  # from the object's end to the function's door
    start_seconds: float = 3.0  # of a new instance, until its first event
    processor_seconds: float = 0.030  # of an event that makes a row: decoding, measuring, encoding
    light_processor_seconds: float = 0.004  # of one that does not
    apart_seconds: float = 1.0  # at most, between a pair's two objects
    call_patience: float = 30.0  # then a call is given up, and the event comes again
    job_seconds: float = 2_400.0  # of a tuning job


@dataclass(frozen=True, slots=True)
class Deployed:
    """What infra sets: the ingest function's instances, the back-off of a delivery that failed, the jobs at once."""

    concurrency: int
    max_instances: int
    back_off: tuple[float, float]
    jobs: int


def deployed(infra: Path = INFRA) -> Deployed:
    """As it stands in the Terraform files.

    Eventarc makes the functions' subscriptions itself, with the same back-off that messaging.tf states for ours.
    """
    functions = (infra / "functions.tf").read_text(encoding="utf-8")
    ingest = re.search(r"\n    ingest = \{\n(.*?)\n    \}\n", functions, re.DOTALL)
    messaging = (infra / "messaging.tf").read_text(encoding="utf-8")
    variables = (infra / "variables.tf").read_text(encoding="utf-8")
    jobs = re.search(r'variable "max_concurrent_jobs" \{\n(.*?)\n\}\n', variables, re.DOTALL)
    if ingest is None or jobs is None:
        raise ValueError(f"{infra} has no ingest function, or no max_concurrent_jobs")
    return Deployed(
        concurrency=_number("concurrency", ingest[1]),
        max_instances=_number("max_instances", ingest[1]),
        back_off=(_number("minimum_backoff", messaging), _number("maximum_backoff", messaging)),
        jobs=_number("default", jobs[1]),
    )


def _number(name: str, text: str) -> int:
    found = re.search(rf'\b{name}\s*=\s*"?(\d+)', text)
    if found is None:
        raise ValueError(f"{name} is not stated")
    return int(found[1])
