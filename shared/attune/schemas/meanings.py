"""What the fields of the events mean: a name means the same wherever it stands."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "alias": "The alias's name: its document is aliases/{alias}.",
        "awaits": "What a person is to allow: cost (before the job) or promotion (after it).",
        "base": "The error rate of the base model; null where it was not measured.",
        "base_model": "The model that the job tunes, by its publisher's name.",
        "cost_usd": "What the run is expected to cost, in US dollars; null where the price is not known.",
        "dataset": "The dataset: the first segment of its objects' names in the intake bucket.",
        "challenger": "The error rate of the run's own model; null where it was not measured.",
        "champion": "The error rate of the model that the alias stood for; null where none was measured.",
        "dropped_rows": "How many rows the tuning service says it left out or cut short.",
        "endpoint": "The endpoint to call: projects/{project}/locations/{location}/endpoints/{id}.",
        "examples": "How many held-out utterances it was measured on.",
        "errors": "What is wrong with the settings, a sentence for each error.",
        "hours": "Hours of audio in the training rows.",
        "job": "The tuning job: projects/{project}/locations/{location}/tuningJobs/{id}; null where the run had none.",
        "manifest_uri": "The list of what each training row was made from: a gs:// address, a JSON object a line.",
        "measure": "wer (word errors a reference word), or mismatch (the share of targets not answered exactly).",
        "measured": "What was measured of the run's model beside the others; null where nothing was.",
        "max_run_cost_usd": "What a run may cost by the dataset's settings, in US dollars; null where they do not say.",
        "model": "The tuned model: projects/{project}/locations/{location}/models/{id}, perhaps with @{version}.",
        "pairs": "New pairs that were in when the run was opened.",
        "previous_endpoint": "The endpoint that the alias stood for before; null at its first move.",
        "previous_run": "The run that the alias stood for before; null at its first move.",
        "probability": "That of the improvement that was asked for, over the champion or else the base.",
        "reason": "Why, in a sentence for people. It names objects and numbers, never what was said in a recording.",
        "report_uri": "The report of the run, for people: a gs:// address; null where nothing was measured.",
        "rows": "Training rows.",
        "run": "The run within its dataset: its document is datasets/{dataset}/runs/{run}.",
        "serial": "How many times the alias has moved, this move included: a larger one is newer.",
        "since": "Since when these settings have been wrong (RFC 3339).",
        "threshold": "The setting that opened the run: new pairs that start one.",
        "train_rows": "Rows of the training file.",
        "train_uri": "The training file: a gs:// address.",
        "validation_rows": "Rows of the hold-out.",
        "waited": "Whether max_wait_hours opened the run, and not the threshold.",
        "written": "Names what stands in the settings: the same text, the same name.",
    }
)
