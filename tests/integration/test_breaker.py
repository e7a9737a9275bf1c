"""A short try to break it; `make soak` tries long and hard."""

from __future__ import annotations

from pathlib import Path

import pytest

from breaker.processes import Timing
from breaker.run import Wanted, run

STAGED = Path(__file__).parents[2] / "build"


@pytest.mark.emulators
@pytest.mark.timeout(300)
@pytest.mark.usefixtures("emulators_installed")
def test_nothing_is_lost_or_done_twice_however_it_is_ill_treated() -> None:
    quick = Timing(intent=36, skew=1)
    outcome = run(1, 6, STAGED, Wanted(least=1, seconds=12.0), print, timing=quick)
    assert [finding for finding in outcome.findings if not finding.holds] == []
    assert outcome.died > 0
    assert outcome.harm > 20
