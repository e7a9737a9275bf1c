"""Sweep the bucket that the environment names, to the end of a pass, and print what that took as JSON."""

from __future__ import annotations

import json
import time

from attune import bootstrap, world
from attune.services.sweep.swept import Swept
from bench.resident import most_held


def main() -> None:
    cloud = world.cloud()
    sweeping = bootstrap.sweeping(cloud.ports(), cloud.deployment)
    swept, calls, longest, began = Swept(), 0, 0.0, time.monotonic()
    while not swept.finished:
        at = time.monotonic()
        sweeping(swept)
        calls, longest = calls + 1, max(longest, time.monotonic() - at)
    print(  # noqa: T201 - it is what it is run for
        json.dumps(
            {
                "taken_in": swept.taken_in,
                "ledgers": [[ledger.dataset, ledger.listed, ledger.accepted, ledger.gap] for ledger in swept.ledgers],
                "put_off": len(swept.put_off),
                "calls": calls,
                "longest_call_seconds": round(longest, 1),
                "seconds": round(time.monotonic() - began, 1),
                "peak_kilobytes": most_held(),
            }
        )
    )


if __name__ == "__main__":
    main()
