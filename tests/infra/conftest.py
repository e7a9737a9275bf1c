"""The project's infrastructure, planned and applied once for all tests of a process."""

from typing import Any

import pytest

from infra.workplace import ROOT, Workplace, archives, workplace


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Workplace:
    """The project's configuration, initialised."""
    at = tmp_path_factory.mktemp("infra")
    made = workplace(ROOT / "infra", at)
    archives(at / "build")
    made.init()
    return made


@pytest.fixture(scope="session")
def planned(place: Workplace) -> dict[str, Any]:
    """The plan for a project with nothing in it."""
    return place.plan()


@pytest.fixture(scope="session")
def with_agent(place: Workplace) -> dict[str, Any]:
    """The plan for a project that has had its first tuning job."""
    return place.plan(tuning_agent_exists=True)


@pytest.fixture(scope="session")
def traced(place: Workplace) -> dict[str, Any]:
    """The plan for a project whose functions send their traces to Google."""
    return place.plan(traces="otlp")


@pytest.fixture(scope="session")
def applied(
    place: Workplace, planned: dict[str, Any], with_agent: dict[str, Any], traced: dict[str, Any]
) -> dict[str, Any]:
    """The state after the first apply, from nothing but a project. The plans come first, while there is nothing."""
    del planned, with_agent, traced
    return place.apply()
