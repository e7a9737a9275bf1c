"""What doctor says of a region, of base models and of the settings that ask for them."""

from __future__ import annotations

from datetime import date

import pytest

from attune.config import Settings
from attune.services.doctor.findings import Finding, Status
from attune.services.doctor.models import Circumstances, models
from doctor_room import only

OLD, NEW = date(2026, 1, 15), date(2026, 11, 1)
AT = Circumstances("us-central1", date(2026, 11, 22), OLD)


def test_a_model_that_is_open_and_tuned_here_is_in_order_with_where_it_is_served() -> None:
    found = only(judge("gemini-3.5-flash", AT))
    assert found.status is Status.OK
    assert found.said == "tuned in us-central1, served on us and eu (asked for by you)"


def test_an_old_project_is_warned_of_a_model_that_closes_and_told_what_else_there_is() -> None:
    found = only(judge("gemini-2.5-flash", AT))
    assert found.status is Status.WARNING
    assert "not used it for 90 days" in found.said
    assert "2027-03-31" in found.said
    for other in ("gemini-3.5-flash", "gemini-3.1-flash-lite", "us-central1 or europe-west4"):
        assert other in found.todo


def test_a_new_project_is_refused_it() -> None:
    assert only(judge("gemini-2.5-flash", Circumstances("us-central1", AT.today, NEW))).status is Status.PROBLEM


def test_once_it_has_ended_every_project_is_refused_it() -> None:
    found = only(judge("gemini-2.5-flash", Circumstances("us-central1", date(2027, 4, 1), OLD)))
    assert (found.status, found.said) == (Status.PROBLEM, "retired on 2027-03-31 (asked for by you)")


def test_a_project_that_could_not_be_seen_is_only_warned() -> None:
    assert only(judge("gemini-2.5-pro", Circumstances("us-central1", AT.today, None))).status is Status.WARNING


def test_gemini_3_elsewhere_is_a_problem_that_names_the_regions() -> None:
    found = only(judge("gemini-3.1-flash-lite", Circumstances("europe-west1", AT.today, OLD)))
    assert found.status is Status.PROBLEM
    assert found.todo.startswith("set region to us-central1 or europe-west4")


def test_gemini_2_where_no_source_says_is_only_a_warning() -> None:
    found = judge("gemini-2.5-flash", Circumstances("europe-west1", date(2026, 1, 20), OLD))
    assert only(found).said.startswith("no source says that europe-west1 tunes it")


def test_a_model_that_nobody_listed_is_told() -> None:
    assert "2026-09-25" in only(judge("gemini-2.9-flash", AT)).said


@pytest.mark.parametrize(("size", "status"), [(8, Status.OK), (16, Status.OK), (None, Status.OK)])
def test_an_adapter_size_that_it_takes_is_in_order(size: int | None, status: Status) -> None:
    assert only(judge("gemini-3.5-flash", AT, size)).status is status


def test_an_adapter_size_that_it_does_not_take_is_a_problem() -> None:
    early = Circumstances("us-central1", date(2026, 1, 20), OLD)
    found = only(judge("gemini-2.5-pro", early, 16))
    assert found.status is Status.PROBLEM
    assert "you asks for adapter_size 16" in found.said
    assert found.todo == "take one of 1, 2, 4, 8, or none"


def test_each_model_is_told_once_with_all_who_ask_for_it() -> None:
    used = {where: Settings(base_model="gemini-3.5-flash") for where in ("settings/defaults", "datasets/calls")}
    used["datasets/radio"] = Settings(base_model="gemini-3.1-flash-lite")
    found = list(models(used, AT))
    assert [finding.about for finding in found] == ["base model gemini-3.5-flash", "base model gemini-3.1-flash-lite"]
    assert "(asked for by settings/defaults, datasets/calls)" in found[0].said


def judge(name: str, under: Circumstances, adapter_size: int | None = None) -> list[Finding]:
    return list(models({"you": Settings(base_model=name, adapter_size=adapter_size)}, under))
