"""What is wrong with a recording's form, in words."""

from __future__ import annotations

from attune.adapters.sound.containers import TAKEN, Container
from attune.domain.finding import Finding
from attune.domain.quality.limits import Limits
from attune.domain.quality.rules import found


def empty(container: Container) -> Finding:
    """There is no sound in it."""
    return found("audio_empty", f"The recording is empty: there is not one sample of sound in the {container}.")


def unreadable(container: Container, evidence: str) -> Finding:
    """It is not what it is named."""
    return found("audio_unreadable", f"The recording cannot be read as {container}: {evidence}.")


def no_numbers() -> Finding:
    """Its samples are numbers with a point, and among them are what is none."""
    return found("audio_unreadable", "The recording cannot be read: samples in it are infinite, or no numbers at all.")


def wrong_type(ending: str, really: Container) -> Finding:
    """It is something else."""
    right = next((f" ({other})" for other, container in TAKEN.items() if container is really), "")
    return found("audio_wrong_type", f"The recording is named {ending} but is {really}{right}.")


def truncated(evidence: str) -> Finding:
    """Its header and its content disagree."""
    return found("audio_truncated", f"The recording is cut short or damaged: {evidence}.")


def less_decoded(promised: float, decoded: float) -> Finding:
    """The same, in seconds."""
    return truncated(f"of the {promised:.2f} s its header promises, only {decoded:.2f} s can be decoded")


def expands(most_samples: int, size: int) -> Finding:
    """It would unpack to more than is decoded."""
    return found(
        "audio_expands",
        f"The recording's {size / 1e6:.1f} MB unpack to more than {most_samples / 1e6:.1f} million samples, "
        "the most that is decoded.",
    )


def unfit(rate: int, channels: int, limits: Limits) -> Finding | None:
    """It has a rate, or more channels, than a recording of speech has."""
    lowest, highest = limits.min_sample_rate, limits.max_sample_rate
    if not max(lowest, 1) <= rate <= highest:
        return found(
            "audio_sample_rate",
            f"The recording says it has {rate:,} samples a second; {lowest:,} to {highest:,} are taken.",
        )
    if channels > limits.max_channels:
        return found(
            "audio_channels", f"The recording has {channels} channels; at most {limits.max_channels} are taken."
        )
    return None
