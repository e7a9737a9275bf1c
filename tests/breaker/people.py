"""What people do meanwhile: they upload, overwrite, delete, and edit settings."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from google.api_core.exceptions import GoogleAPICallError

from attune_local.stack import plan
from attune_local.stack.stack import Stack
from breaker.corpus import DATASETS, Corpus, Deed
from breaker.injections import Hits
from gates import OPEN

_RUNS = 4  # that each dataset's pairs are enough for, about
_DONE = {"overwrite": "overwritten", "upload": "uploaded", "delete": "deleted"}
_PROMPTS = ("Transcribe this audio verbatim.", "Write down what is said.", "What is said here?")
_FORMATS = ("inline_data", "file_uri")


@dataclass(slots=True)
class People:
    """Everybody who has a hand in the bucket or in the settings. `at_storage` is held during each upload."""

    stack: Stack
    corpus: Corpus
    hits: Hits
    at_storage: threading.Lock
    _dice: random.Random = field(init=False)
    _edits: Iterator[Callable[[], None]] = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"people {self.corpus.seed}")  # noqa: S311 - a schedule, not a secret
        self._edits = itertools.cycle((self._change, self._break))

    def do(self, deed: Deed) -> None:
        """An upload, or a deletion."""
        blob = self.stack.storage_client().bucket(plan.INTAKE_BUCKET).blob(deed.name)
        with self.at_storage:
            if deed.data is None:
                blob.delete()
            else:
                blob.upload_from_string(deed.data)
        self.hits.add(f"file: {_DONE.get(deed.kind, deed.kind)}")

    def settle(self, threshold: int | None = None) -> None:
        """Good settings for all datasets."""
        for dataset in DATASETS:
            self._write(dataset, threshold=threshold or self._share(_RUNS))

    def edit(self) -> None:
        """Changes the settings of a dataset, or makes them bad, in turn."""
        try:
            next(self._edits)()
        except GoogleAPICallError:
            return  # Firestore's emulator is paused: another edit comes

    def _change(self) -> None:
        self._write(
            self._dice.choice(DATASETS),
            prompt=self._dice.choice(_PROMPTS),
            row_format=self._dice.choice(_FORMATS),
            threshold=self._share(self._dice.choice([2, 4, 6])),
        )
        self.hits.add("settings: edited")

    def _break(self) -> None:
        self._write(self._dice.choice(DATASETS), threshold="many")
        self.hits.add("settings: broken")

    def _share(self, runs: int) -> int:
        return max(3, self.corpus.pairs // len(DATASETS) // runs)

    def _write(self, dataset: str, **more: object) -> None:
        row_format = _FORMATS[0] if dataset == DATASETS[0] else _FORMATS[1]
        self.stack.firestore_client().document("datasets", dataset).set(
            {"gate": OPEN, "row_format": row_format, **more}
        )
