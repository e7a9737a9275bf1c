"""Places: where a dataset's report and its parts lie in the dataset bucket."""

from __future__ import annotations

from attune.domain.names import dataset_key
from attune.domain.shard import Store


def lines_name(dataset: str) -> str:
    """The object with a line for every pair."""
    return f"reports/{dataset_key(dataset)}/report.jsonl"


def page_name(dataset: str) -> str:
    """The object to look at."""
    return f"reports/{dataset_key(dataset)}/report.html"


def report_store(dataset: str, tree: str) -> Store:
    """Where the parts of a report are. Nothing else has parts there, so what is no longer in use can be deleted."""
    return Store(f"{dataset_key(dataset)}/parts/{tree}", "reports")


def tree_name(number: int) -> str:
    """The name of the report's tree of that number."""
    return f"report{number}"
