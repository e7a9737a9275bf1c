"""What is counted is what the functions write, and every metric that an alert or a chart names is made."""

import ast
import json
import re
from typing import Any

import pytest

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


@pytest.mark.parametrize("message", ["object", "run", "census"])
def test_the_lines_that_are_counted_are_written_by_the_doors(message: str, planned: dict[str, Any]) -> None:
    counted = {
        found
        for each in resources(planned, "google_logging_metric")
        for found in MESSAGE.findall(each["values"]["filter"])
    }
    assert message in counted & _written()


def test_the_dashboard_is_whole(planned: dict[str, Any]) -> None:
    (dashboard,) = resources(planned, "google_monitoring_dashboard")
    tiles = json.loads(dashboard["values"]["dashboard_json"])["mosaicLayout"]["tiles"]
    assert len({(tile["xPos"], tile["yPos"]) for tile in tiles}) == len(tiles) == 8


def _filters(plan: dict[str, Any]) -> list[str]:
    charts = [each["values"]["dashboard_json"] for each in resources(plan, "google_monitoring_dashboard")]
    alerts = [json.dumps(each["values"]["conditions"]) for each in resources(plan, "google_monitoring_alert_policy")]
    return charts + alerts


def _written() -> set[str]:
    """What the doors log: the first argument of every `logger().info(…)` and the like."""
    tree = ast.parse((ROOT / "shared/attune/entry/doors.py").read_text())
    return {
        str(node.args[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"info", "warning", "error"}
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
