"""Scale on paper: the calls that a pair was seen to make, sent through a simulation of the published limits.

Measured is what a pair asks for: its calls, their order and bytes, recorded in the same run. Published are the limits.
Set by infra are instances, concurrency and back-off. Assumed is how long each thing takes (bench.scale.limits.Assumed).
Simulated, and seen on no cloud, are all rates, waits and arrival-to-row times.
"""

from bench.scale.report import lines

__all__ = ["lines"]
