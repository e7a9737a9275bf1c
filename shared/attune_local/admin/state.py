"""What there is in the project: a record for each thing, which can be taken away, changed, and put back."""

import json
from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from string import Template
from threading import Lock
from typing import Any

# What an apply makes, by `tests/infra`, which also tests that it is still so.
MADE_BY_INFRA = Path(__file__).with_name("made_by_infra.json")
NUMBER = "123456789012"
QUOTA = "aiplatform.googleapis.com/global_concurrent_tuning_jobs"

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """The project that is told of, and how many tuning jobs it may run at once."""

    project: str
    region: str
    intake: str
    dataset: str
    quota: int = 1
    made: str = "2026-01-15T09:00:00Z"


class State:
    """The records, and which questions are denied. A record has a `kind`, a `name`, and what its API has `told`."""

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._lock = Lock()
        self._records: list[Record] = []
        self._denied: set[str] = set()
        self.reset()

    def reset(self) -> None:
        """Everything is again as after an apply, and nothing is denied."""
        with self._lock:
            self._records = [*_made_by_infra(self.setting), *_made_by_google(self.setting)]
            self._denied = set()

    def all(self, kind: str, **members: object) -> list[Record]:
        """The records of a kind that have these members."""
        with self._lock:
            return [deepcopy(each) for each in self._records if _matches(each, {"kind": kind, **members})]

    def told(self, kind: str, name: str) -> Record | None:
        """What a thing's API tells of it."""
        return next((dict(each["told"]) for each in self.all(kind, name=name)), None)

    def take(self, match: Mapping[str, object]) -> list[Record]:
        """Takes away the records that have these members, and returns them."""
        with self._lock:
            taken = [each for each in self._records if _matches(each, match)]
            self._records = [each for each in self._records if each not in taken]
            return taken

    def put(self, records: Iterable[Record]) -> None:
        """Adds records."""
        with self._lock:
            self._records.extend(records)

    def change(self, match: Mapping[str, object], told: Mapping[str, object]) -> list[Record]:
        """Merges into what is told of the records that have these members, and returns them as they were.

        A member merged as None is taken out.
        """
        with self._lock:
            found = [each for each in self._records if _matches(each, match)]
            before = deepcopy(found)
            for each in found:
                _merge(each["told"], told)
            return before

    def deny(self, what: str) -> None:
        """From now on denies each question whose path contains this, and the permission of this name."""
        with self._lock:
            self._denied.add(what)

    def denies(self, question: str) -> bool:
        """Whether a question is denied."""
        with self._lock:
            return any(what in question for what in self._denied)


def _matches(record: Mapping[str, object], match: Mapping[str, object]) -> bool:
    return all(record.get(name) == value for name, value in match.items())


def _merge(told: Record, changes: Mapping[str, Any]) -> None:
    for name, value in changes.items():
        if value is None:
            told.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(told.get(name), dict):
            _merge(told[name], value)
        else:
            told[name] = value


def _made_by_infra(setting: Setting) -> list[Record]:
    places = {
        "project": setting.project,
        "number": NUMBER,
        "region": setting.region,
        "location": setting.region.upper(),
        "intake": setting.intake,
        "dataset": setting.dataset,
    }
    return list(json.loads(Template(MADE_BY_INFRA.read_text()).substitute(places)))


def _made_by_google(setting: Setting) -> list[Record]:
    eventarc = f"serviceAccount:service-{NUMBER}@gcp-sa-eventarc.iam.gserviceaccount.com"
    bucket = {"effectiveLimit": str(setting.quota), "defaultLimit": "1"}
    quota = {"metric": QUOTA, "consumerQuotaLimits": [{"metric": QUOTA, "quotaBuckets": [bucket]}]}
    project = {"name": f"projects/{NUMBER}", "projectId": setting.project, "createTime": setting.made}
    return [
        {"kind": "project", "name": setting.project, "told": project},
        {"kind": "quota", "name": QUOTA, "told": quota},
        {
            "kind": "grant",
            "on": f"project/{setting.project}",
            "role": "roles/eventarc.serviceAgent",
            "member": eventarc,
            "condition": None,
        },
    ]
