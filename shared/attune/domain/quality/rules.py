"""Every rule there is: its code, its severity, the limits it reads, and what to do when it speaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from attune.domain.finding import Finding, Severity
from attune.domain.quality.limits import OFF, Limits


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule. `fixed` is one whose severity cannot be changed: without what it asks for there is no row."""

    code: str
    severity: Severity
    fix: str
    limits: tuple[str, ...] = ()
    fixed: bool = False

    def found(self, sentence: str) -> Finding:
        """The rule's word on a pair."""
        return Finding(self.code, self.severity, sentence, self.fix)


_REFUSED, _REPAIRED, _LOOK = Severity.REFUSED, Severity.REPAIRED, Severity.LOOK
_EXPORT = "Record or export it again and upload it."
_ORIGINAL = "Nothing is to be done; the file you uploaded stays as it is."

_AUDIO = (
    Rule("audio_empty", _REFUSED, _EXPORT, fixed=True),
    Rule("audio_unreadable", _REFUSED, "Export it again and upload it.", fixed=True),
    Rule("audio_wrong_type", _REFUSED, "Give it the ending of what it is, or convert it, and upload it.", fixed=True),
    Rule("audio_truncated", _REFUSED, "Copy or export it again and upload it.", fixed=True),
    Rule("audio_expands", _REFUSED, "Convert it to 16,000 samples a second in one channel and upload it.", fixed=True),
    Rule("audio_too_large", _REFUSED, "Split or compress it.", ("max_audio_bytes",), fixed=True),
    Rule("audio_too_long", _REFUSED, "Cut it, and its transcript, into parts.", ("max_audio_seconds",), fixed=True),
    Rule("audio_long", _LOOK, "Cut it, and its transcript, into parts.", ("advised_audio_seconds",)),
    Rule("audio_too_short", _REFUSED, "Leave it out, or join it with its neighbour.", ("min_audio_seconds",)),
    Rule(
        "audio_sample_rate",
        _REFUSED,
        "Convert it to 16,000 samples a second and upload it.",
        ("min_sample_rate", "max_sample_rate"),
        fixed=True,
    ),
    Rule("audio_narrowband", _LOOK, "Upload the original, if it was recorded at more.", ("advised_sample_rate",)),
    Rule("audio_channels", _REFUSED, "Mix it down to one or two and upload it.", ("max_channels",), fixed=True),
    Rule("audio_multichannel", _LOOK, "Mix it down to one, or keep the speaker's channel.", ("advised_channels",)),
    Rule("audio_bit_depth", _LOOK, "Upload the original, if it has more.", ("advised_bit_depth",)),
    Rule("audio_silent", _REFUSED, "Check the microphone and the export.", ("silence_dbfs", "max_silent_share")),
    Rule("audio_mostly_silent", _LOOK, "Cut the silence out.", ("silence_dbfs", "advised_silent_share")),
    Rule("audio_leading_silence", _LOOK, "Trim its beginning.", ("silence_dbfs", "advised_leading_silence")),
    Rule("audio_trailing_silence", _LOOK, "Trim its end.", ("silence_dbfs", "advised_trailing_silence")),
    Rule("audio_clipped", _LOOK, "Record it with less gain.", ("advised_clipped_share",)),
    Rule("audio_dc_offset", _LOOK, "Take the offset out with a high-pass filter.", ("advised_dc_offset",)),
    Rule("audio_quiet", _LOOK, "Raise its level to about -20 dBFS.", ("advised_lowest_level",)),
    Rule("audio_loud", _LOOK, "Lower its level to about -20 dBFS.", ("advised_highest_level",)),
    Rule("audio_noisy", _LOOK, "Record it closer to the speaker, or leave it out.", ("advised_snr_db",)),
    Rule("audio_duplicate", _REFUSED, "Delete one of the two, and upload the other again if it was this one."),
)
_TRANSCRIPT = (
    Rule("transcript_encoding", _REFUSED, "Save it as UTF-8 and upload it.", fixed=True),
    Rule("transcript_empty", _REFUSED, "Write what is said and upload it.", fixed=True),
    Rule("transcript_too_large", _REFUSED, "Split it.", ("max_transcript_bytes",), fixed=True),
    Rule("transcript_control_characters", _REFUSED, "Take them out and upload it."),
    Rule("transcript_markup", _REFUSED, "Keep only what is said and upload it."),
    Rule("transcript_timestamps", _REFUSED, "Take them out, unless the model is to learn them."),
    Rule("transcript_speaker_tags", _REFUSED, "Take them out, unless the model is to learn them."),
    Rule(
        "transcript_too_fast",
        _REFUSED,
        "Check that the transcript belongs to this recording, and the recording is whole.",
        ("max_characters_per_second",),
    ),
    Rule(
        "transcript_too_slow",
        _LOOK,
        "Check that nothing said is missing from the transcript, or trim the recording.",
        ("advised_characters_per_second",),
    ),
    Rule("transcript_repeats", _LOOK, "Check whether it is really said so often.", ("max_repeats",)),
    Rule("transcript_mixed_scripts", _LOOK, "Type the word again in one script."),
    Rule("transcript_duplicate", _LOOK, "Check that the right transcript is beside each recording."),
    Rule("transcript_casing", _LOOK, "Write it as the others are, or set transcripts.casing for all."),
    Rule("transcript_punctuation", _LOOK, "Write it as the others are, or set transcripts.punctuation for all."),
)
_TARGET = (
    Rule("target_not_json", _REFUSED, "Write valid JSON and upload it.", fixed=True),
    Rule("target_schema", _REFUSED, "Write what the task's json_schema asks for and upload it.", fixed=True),
    Rule("target_label", _REFUSED, "Write one of the task's labels and upload it.", fixed=True),
)
_REPAIRS = (
    Rule("repaired_mark", _REPAIRED, _ORIGINAL),
    Rule("repaired_encoding", _REPAIRED, _ORIGINAL),
    Rule("repaired_line_endings", _REPAIRED, _ORIGINAL),
    Rule("repaired_whitespace", _REPAIRED, _ORIGINAL),
    Rule("repaired_unicode", _REPAIRED, _ORIGINAL),
    Rule("repaired_casing", _REPAIRED, _ORIGINAL),
    Rule("repaired_punctuation", _REPAIRED, _ORIGINAL),
    Rule("repaired_json", _REPAIRED, _ORIGINAL),
)
_PAIR = (
    Rule("example_too_long", _REFUSED, "Cut the recording, and its transcript, into parts.", fixed=True),
    Rule("transcript_across_hold_out", _REFUSED, "Leave it out, or set quality.severities for this rule to look."),
    Rule("audio_across_hold_out", _REFUSED, "Leave it out, or put both under one group.", fixed=True),
    Rule("service_dropped", _REFUSED, "Do what the reason asks for and upload the file anew.", fixed=True),
)
RULES = {rule.code: rule for rule in (*_AUDIO, *_TRANSCRIPT, *_TARGET, *_REPAIRS, *_PAIR)}


def found(code: str, sentence: str) -> Finding:
    """The word of the rule of that code."""
    return RULES[code].found(sentence)


def weighed(findings: Iterable[Finding], limits: Limits) -> tuple[Finding, ...]:
    """The findings under the severities that the dataset gives them; those that are off are left out."""
    kept = []
    for finding in findings:
        severity = limits.severities.get(finding.code, finding.severity)
        if severity != OFF:
            kept.append(replace(finding, severity=Severity(severity)))
    return tuple(kept)


def severity_fault(code: str, severity: str) -> str | None:
    """Why a rule cannot be given that severity, or None."""
    rule = RULES.get(code)
    if rule is None:
        return f"{code} is no rule; the rules are {', '.join(RULES)}"
    if rule.severity is _REPAIRED:
        return f"{code} tells of a repair and has no other severity"
    if rule.fixed:
        return f"{code} cannot be changed: without what it asks for there is no row"
    if severity not in {_REFUSED, _LOOK, OFF}:
        return f"{code} can be {_REFUSED}, {_LOOK} or {OFF}, not {severity}"
    return None
