"""Levels of a recording's stretches: how much of it is silence, how loud the rest is, and how far above its ground."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_FLOOR_POWER = 10 ** (-120 / 10)
_QUIET, _LOUD = 0.10, 0.95  # shares of the stretches that are no louder
_HIGHEST_SNR_DB = 100.0
_THREADED = 10_000  # OpenBLAS divides a dot product of more among threads


def dbfs(power: float) -> float:
    """A power as a level, no lower than -120 dBFS."""
    return 10 * math.log10(max(power, _FLOOR_POWER))


class Levels:
    """The powers of stretches, a stretch being a row of samples: 8 bytes of each are kept, 1.4 MB of an hour.

    A power is that of what is left when the mean is taken off: of a stretch for silence and noise, else a microphone's
    offset would be a sound; of the whole recording for its level.
    """

    def __init__(self) -> None:
        """Of no stretch yet."""
        self._powers: list[NDArray[np.float64]] = []
        self._samples, self._sum, self._energy = 0, 0.0, 0.0

    @property
    def mean(self) -> float:
        """The mean of the samples."""
        return self._sum / self._samples

    @property
    def power(self) -> float:
        """The power of the whole recording."""
        return self._energy / self._samples - self.mean**2

    def add(self, rows: NDArray[np.generic], unit: float) -> None:
        """Counts stretches in, a row each; full scale is `unit`."""
        self._powers.append(self._measure(rows, unit))

    def add_left_over(self, samples: NDArray[np.generic], unit: float) -> None:
        """Counts in what is too short for a stretch: it is taken for one only where none is before it."""
        if not self._powers:
            self._powers.append(self._measure(samples[None, :], unit))
            return
        values = samples.astype(np.float64)
        self._samples += samples.size
        self._sum += float(values.sum()) / unit
        self._energy += float(np.einsum("i,i", values, values)) / unit**2

    def stretches(self) -> NDArray[np.float64]:
        """The power of each stretch."""
        return np.concatenate(self._powers)

    def _measure(self, rows: NDArray[np.generic], unit: float) -> NDArray[np.float64]:
        samples = rows.astype(np.float64)  # the squares of 16 bits, and their sums, are exact in it
        sums, energies = np.einsum("ij->i", samples) / unit, _energies(samples, exact=rows.dtype.kind == "i") / unit**2
        self._samples += rows.size
        self._sum += float(sums.sum())
        self._energy += float(energies.sum())
        powers: NDArray[np.float64] = energies / rows.shape[1] - (sums / rows.shape[1]) ** 2
        return powers


def _energies(rows: NDArray[np.float64], *, exact: bool) -> NDArray[np.float64]:
    """The sum of each row's squares.

    BLAS takes a third of the time, and adds in an order of its own, which is told from another only where sums are not
    exact. On long rows, of many channels, its threads wait for one another far longer than they work.
    """
    energies: NDArray[np.float64] = (
        np.vecdot(rows, rows) if exact and rows.shape[1] < _THREADED else np.einsum("ij,ij->i", rows, rows)
    )
    return energies


def silence_of(powers: NDArray[np.float64], silence_dbfs: float) -> tuple[int, int, int]:
    """How many stretches are below that level: of all, before the first that is not, and behind the last."""
    sounding = np.flatnonzero(powers >= 10 ** (silence_dbfs / 10))
    if not len(sounding):
        return len(powers), len(powers), len(powers)
    return len(powers) - len(sounding), int(sounding[0]), len(powers) - 1 - int(sounding[-1])


def snr_of(powers: NDArray[np.float64]) -> float:
    """An estimate, in dB, of speech over noise: the level of loud stretches over that of quiet ones.

    In speech some stretches always fall between words and hold the room and the microphone alone. So the level that a
    tenth of the stretches do not pass is taken for the noise, and the one that a twentieth pass for speech with it. A
    recording without a pause is told to be noisier than it is. Stretches without any sound (below -120 dBFS: digital
    silence, put there by a program) tell nothing of the room and are left out; where there are no others, 0.
    """
    powers = np.sort(powers[powers > _FLOOR_POWER])
    if not len(powers):
        return 0.0
    quiet, loud = powers[int(_QUIET * len(powers))], powers[int(_LOUD * len(powers))]
    return min(dbfs(float(loud)) - dbfs(float(quiet)), _HIGHEST_SNR_DB)
