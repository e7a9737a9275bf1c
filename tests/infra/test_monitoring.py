"""What is counted is what the functions write, and every metric that an alert or a chart names is made."""

import ast
import json
import re
from dataclasses import fields
from typing import Any

import pytest

from attune.domain.ledger import Ledger
from attune.services.census import Census
from infra.workplace import ROOT, resources

OURS = re.compile(r"logging\.googleapis\.com/user/([a-z_/]+)")
MESSAGE = re.compile(r'jsonPayload\.message="([^"]+)"')
ALERTS = {
    "attune: a function keeps failing",
    "attune: a run failed",
    "attune: pairs wait too long for their other half",
    "attune: what arrived and what is accounted for differ",
    "attune: nothing was promoted for 30 days",
    "attune: dead letters",
    "attune: a tuning job is on no run's record",
    "attune: the watch is silent",
    "attune: an event could not be worked on",
    "attune: the sweep or the erasure gets nowhere",
    "attune: no ledger was closed for 48 hours",
}


def test_these_things_raise_an_alert(planned: dict[str, Any]) -> None:
    alerts = [each["values"] for each in resources(planned, "google_monitoring_alert_policy")]
    assert {alert["display_name"] for alert in alerts} == ALERTS
    assert all(alert["documentation"][0]["content"] for alert in alerts)


def test_every_metric_of_ours_that_is_looked_at_is_made(planned: dict[str, Any]) -> None:
    made = {each["values"]["name"] for each in resources(planned, "google_logging_metric")}
    looked_at = {name for text in _filters(planned) for name in OURS.findall(text)}
    assert looked_at
    assert looked_at <= made


def test_every_label_of_a_metric_is_read_from_the_line(planned: dict[str, Any]) -> None:
    for metric in resources(planned, "google_logging_metric"):
        labels = {label["key"] for label in metric["values"]["metric_descriptor"][0]["labels"]}
        assert labels == set(metric["values"]["label_extractors"] or {})


def test_the_lines_that_are_counted_are_written_by_the_doors(planned: dict[str, Any]) -> None:
    counted = {
        found
        for each in resources(planned, "google_logging_metric")
        for found in MESSAGE.findall(each["values"]["filter"])
    }
    assert {"object", "run", "census", "ledger"} <= counted <= _written()


def test_each_number_of_a_ledger_is_published_and_nothing_that_it_has_not(planned: dict[str, Any]) -> None:
    published = {name: each for name, each in _metrics(planned).items() if name.startswith("attune/ledger_")}
    numbers = {field.name for field in fields(Ledger) if field.type == "int"} - {"pass_number"}
    assert {name.removeprefix("attune/ledger_") for name in published} == numbers
    for name, metric in published.items():
        assert metric["value_extractor"] == f"EXTRACT(jsonPayload.{name.removeprefix('attune/ledger_')})"
        assert metric["metric_descriptor"][0]["value_type"] == "DISTRIBUTION"
        assert metric["bucket_options"]


@pytest.mark.parametrize(
    ("metric", "asked"),
    [("gap", 'jsonPayload.message="ledger" jsonPayload.gap!=0'), ("parked", "jsonPayload.parked>0")],
)
def test_what_is_asked_of_a_ledger_is_a_number_of_it(metric: str, asked: str, planned: dict[str, Any]) -> None:
    """The line has the ledger's own fields: a name that it does not have would keep an alert silent for good."""
    assert asked in _metrics(planned)[f"attune/{metric}"]["filter"]
    assert metric in {field.name for field in fields(Ledger)}


def test_what_is_asked_of_a_census_is_in_it(planned: dict[str, Any]) -> None:
    asked = {
        name
        for metric in _metrics(planned).values()
        if 'message="census"' in metric["filter"]
        for name in re.findall(r"jsonPayload\.(\w+)[><!]", metric["filter"])
    }
    assert asked == {"oldest_waiting_hours", "promoted_days_ago", "ledger_hours_ago"}
    assert asked < {field.name for field in fields(Census)}


def test_a_ledger_is_overdue_a_day_after_the_pass_that_should_have_closed_it(planned: dict[str, Any]) -> None:
    assert "jsonPayload.ledger_hours_ago>=48" in _metrics(planned)["attune/overdue"]["filter"]
    (alert,) = (
        each["values"]
        for each in resources(planned, "google_monitoring_alert_policy")
        if "attune/overdue" in json.dumps(each["values"]["conditions"])
    )
    (threshold,) = alert["conditions"][0]["condition_threshold"]
    assert (threshold["comparison"], threshold["threshold_value"]) == ("COMPARISON_GT", 0)
    assert (alert["severity"], threshold["aggregations"][0]["alignment_period"]) == ("CRITICAL", "3600s")


def test_the_parts_of_a_tick_that_may_not_stand_still_are_named_as_the_watch_names_them(
    planned: dict[str, Any],
) -> None:
    (parts,) = re.findall(r'trouble=~"\^\(([^)]+)\): "', _metrics(planned)["attune/put_off"]["filter"])
    watch = (ROOT / "shared/attune/services/watch.py").read_text()
    assert [part for part in parts.split("|") if f'_put_off_on_trouble(tick, "{part}"' not in watch] == []
    assert "the sweep" in parts


def test_the_dashboard_is_whole(planned: dict[str, Any]) -> None:
    (dashboard,) = resources(planned, "google_monitoring_dashboard")
    tiles = json.loads(dashboard["values"]["dashboard_json"])["mosaicLayout"]["tiles"]
    assert len({(tile["xPos"], tile["yPos"]) for tile in tiles}) == len(tiles) == 12
    assert all(tile["widget"]["xyChart"]["dataSets"] for tile in tiles)
    (bucket,) = (tile["widget"] for tile in tiles if tile["widget"]["title"].startswith("The intake bucket"))
    legends = {line["legendTemplate"] for line in bucket["xyChart"]["dataSets"]}
    assert {"${metric.labels.dataset}: listed", "${metric.labels.dataset}: accepted"} < legends


def _metrics(plan: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["values"]["name"]: each["values"] for each in resources(plan, "google_logging_metric")}


def _filters(plan: dict[str, Any]) -> list[str]:
    charts = [each["values"]["dashboard_json"] for each in resources(plan, "google_monitoring_dashboard")]
    alerts = [json.dumps(each["values"]["conditions"]) for each in resources(plan, "google_monitoring_alert_policy")]
    return charts + alerts


def _written() -> set[str]:
    """What the doors log: the first argument of every `logger().info(…)` and the like, the second of `log`."""
    tree = ast.parse((ROOT / "shared/attune/entry/doors.py").read_text())
    return {
        str(said.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"info", "warning", "error", "log"}
        for said in node.args[node.func.attr == "log" :][:1]
        if isinstance(said, ast.Constant)
    }
