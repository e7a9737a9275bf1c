"""Phrasing: how all rows of a dataset are put, task by task. A change of it makes a new version of the dataset."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field

from attune.domain.manner import Manner
from attune.domain.row import RowFormat, Template
from attune.domain.task import TRANSCRIPTION, Kind, Task


@dataclass(frozen=True, slots=True)
class Phrasing:
    """The prompt of what lies in no task's folder, the tasks with theirs, and what holds for every row."""

    row_format: RowFormat
    prompt: str
    system_instruction: str | None = None
    manner: Manner = field(default_factory=Manner)
    tasks: tuple[Task, ...] = ()

    def task_of(self, path: str) -> Task:
        """The task of a pair: that of the first folder of its path, else transcription."""
        folder, slash, _ = path.partition("/")
        named = (task for task in self.tasks if slash and task.name == folder)
        return next(named, Task(TRANSCRIPTION, Kind.TRANSCRIPTION, self.prompt))

    def template_of(self, task: Task) -> Template:
        """What every row of a task has in common. Only transcripts are written in the dataset's manner."""
        manner = self.manner if task.kind is Kind.TRANSCRIPTION else Manner()
        return Template(self.row_format, task.prompt, self.system_instruction, manner)

    def template_at(self, path: str) -> Template:
        """The template of the pair at a path."""
        return self.template_of(self.task_of(path))

    @property
    def version(self) -> str:
        """Names all that decides how rows are put: rows of another version are looked at before the next file."""
        known = {task.name: self.template_of(task).digest for task in self.tasks}
        parts = json.dumps([self.template_at("").digest, known], sort_keys=True)
        return hashlib.sha256(parts.encode()).hexdigest()[:24]
