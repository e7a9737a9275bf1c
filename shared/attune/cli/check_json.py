"""How a check is told to programs: one document with everything but what is said in the files."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict

from attune.domain.finding import Finding
from attune.domain.run import Plan
from attune.services.check.checked import Checked, Judged, totals


def as_json(checked: Checked, plan: Plan, bucket: str | None) -> str:
    """The document. All lists are in the order of names; only `took` differs between two checks of the same files.

    `bucket` is the dataset bucket that the plan was made for, None where one was assumed.
    """
    counted = Counter(finding.code for pair in checked.judged for finding in pair.findings)
    told = {
        "dataset": checked.dataset,
        "complete": checked.complete,
        "pairs": [_pair(pair) for pair in checked.judged],
        "waiting": [asdict(file) for file in checked.waiting],
        "superseded": [asdict(file) for file in checked.superseded],
        "ignored": [asdict(file) for file in checked.ignored],
        "unread": [asdict(file) for file in checked.unread],
        "codes": dict(sorted(counted.items())),
        "totals": asdict(totals(checked)),
        "plan": {"dataset_bucket": bucket, **asdict(plan)},
        "took": asdict(checked.took),
    }
    return json.dumps(told, indent=2, ensure_ascii=False)


def _pair(pair: Judged) -> dict[str, object]:
    measured, material = pair.measured, pair.material
    return {
        "path": pair.path,
        "audio": pair.audio,
        "transcript": pair.transcript,
        "task": pair.task,
        "state": pair.state,
        "fault": pair.fault,
        "split": pair.split,
        "findings": [_finding(finding) for finding in pair.findings],
        "measured": asdict(measured.heard) if measured else None,
        "characters_per_second": measured.pace if measured else None,
        "characters": material.weight.characters if material else None,
        "tokens": material.tokens if material else None,
        "fixed": pair.fixed,
    }


def _finding(finding: Finding) -> dict[str, str]:
    return asdict(finding)
