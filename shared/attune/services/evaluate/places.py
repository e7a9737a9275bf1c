"""Places: where a run's report lies in the dataset bucket, among the reports, which alone may be replaced."""

from __future__ import annotations

from attune.domain.names import dataset_key
from attune.domain.run import Run


def run_page_name(run: Run) -> str:
    """The object to look at."""
    return f"reports/{dataset_key(run.dataset)}/runs/{run.id}.html"


def run_figures_name(run: Run) -> str:
    """The object to compute with."""
    return f"reports/{dataset_key(run.dataset)}/runs/{run.id}.json"
