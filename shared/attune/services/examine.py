"""Examine a pair: every rule on its recording and its text, without a remote call, here and on a person's machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from attune.config import Settings
from attune.domain.base_models import base_model
from attune.domain.finding import Finding, Severity
from attune.domain.manner import Casing, Manner, Punctuation
from attune.domain.names import AUDIO_ENDINGS
from attune.domain.pair import Half, Measured
from attune.domain.quality.customs import Customs, Style, style_of
from attune.domain.quality.heard import Heard
from attune.domain.quality.recording import judge_recording
from attune.domain.quality.recording import over_size as recording_over_size
from attune.domain.quality.rules import found, weighed
from attune.domain.quality.words import characters_per_second, judge_words
from attune.domain.row import Template, tokens_of
from attune.domain.task import Kind, Task
from attune.domain.transcript import over_size as transcript_over_size
from attune.domain.transcript import read_transcript
from attune.ports import Ear
from attune.services.encode import Utterance, written
from attune.services.targets import read_target


@dataclass(frozen=True, slots=True)
class Brought:
    """A pair's two files: the recording's bytes and ending, the text's bytes."""

    audio: bytes
    ending: str
    text: bytes


@dataclass(frozen=True, slots=True)
class Examined:
    """What the rules said of a pair under the dataset's severities; without an utterance there can be no row."""

    findings: tuple[Finding, ...]
    utterance: Utterance | None = None
    measured: Measured | None = None

    @property
    def reasons(self) -> tuple[Finding, ...]:
        """Why it is refused; empty where it is good."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.REFUSED)

    @property
    def remarks(self) -> tuple[Finding, ...]:
        """What was repaired, and what somebody should look at."""
        return tuple(finding for finding in self.findings if finding.severity is not Severity.REFUSED)


@dataclass(frozen=True, slots=True)
class _Read:
    findings: list[Finding] = field(default_factory=list)
    said: str | None = None


def too_large(audio: Half, text: Half, settings: Settings) -> tuple[Finding, ...]:
    """What can be refused before a byte is read."""
    limits = settings.quality
    faults = (recording_over_size(audio.size, limits), transcript_over_size(text.size, limits))
    return tuple(fault for fault in faults if fault is not None)


def examine(path: str, brought: Brought, settings: Settings, customs: Customs, ear: Ear) -> Examined:
    """Every rule on one pair. `customs` is how the dataset's transcripts are written so far."""
    limits = settings.quality
    task = settings.phrasing.task_of(path)
    heard = ear.listen(brought.audio, brought.ending, limits)
    sound = [heard] if isinstance(heard, Finding) else list(judge_recording(heard, limits))
    read = _read(brought.text, task, settings)
    findings = [*sound, *read.findings]
    if isinstance(heard, Finding) or read.said is None:
        return Examined(weighed(findings, limits), measured=_alone(heard, task))
    template = settings.phrasing.template_of(task)
    measured = _measured(heard, read.said, task)
    findings += _together(measured, read.said, template, settings, customs)
    utterance = Utterance(brought.audio, brought.ending, AUDIO_ENDINGS[brought.ending], heard.seconds, read.said)
    return Examined(weighed(findings, limits), utterance, measured)


def _read(text: bytes, task: Task, settings: Settings) -> _Read:
    read = read_transcript(text, settings.quality)
    if isinstance(read, Finding):
        return _Read([read])
    if task.kind is Kind.TRANSCRIPTION:
        return _Read(list(read.repairs), read.text)
    target = read_target(read.text, task)
    if isinstance(target, Finding):
        return _Read([*read.repairs, target])
    said, repairs = target
    return _Read([*read.repairs, *repairs], said)


def _together(measured: Measured, said: str, template: Template, settings: Settings, customs: Customs) -> list[Finding]:
    """What can only be said of both halves."""
    text, heard = written(said, template), measured.heard
    findings = list(template.manner.repairs(said, text))
    if measured.style is not None:
        findings += judge_words(said, heard.seconds, settings.quality)
        findings += uncustomary(measured.style, customs, template.manner)
    tokens = tokens_of(heard.seconds, len(text), template)
    most = base_model(settings.base_model).limits.example_tokens
    if tokens > most:
        sentence = f"The pair makes {tokens:,} tokens; the service takes {most:,} an example."
        findings.append(found("example_too_long", sentence))
    return findings


def uncustomary(style: Style, customs: Customs, manner: Manner) -> Iterator[Finding]:
    """Where a transcript is written otherwise than most, unless the dataset's manner writes them all alike."""
    settled = {
        "transcript_casing": manner.casing is not Casing.KEEP,
        "transcript_punctuation": manner.punctuation is not Punctuation.KEEP,
    }
    return (finding for finding in customs.against(style) if not settled.get(finding.code))


def _measured(heard: Heard, said: str, task: Task) -> Measured:
    if task.kind is not Kind.TRANSCRIPTION:
        return Measured(heard, task.name)
    return Measured(heard, task.name, characters_per_second(said, heard.seconds), style_of(said))


def _alone(heard: Heard | Finding, task: Task) -> Measured | None:
    return None if isinstance(heard, Finding) else Measured(heard, task.name)
