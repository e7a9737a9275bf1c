"""Wording: figures as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta

NONE = "\u2013"
_UNITS = ("B", "kB", "MB", "GB", "TB")
_THOUSAND = 1000
_KEPT = frozenset("\u200c\u200d")  # joiners, without which Persian, Hindi and emoji are other words


def count(number: int | None) -> str:
    """A whole number."""
    return NONE if number is None else f"{number:,}"


def rate(share: float | None) -> str:
    """A rate or a share, in per cent."""
    return NONE if share is None else f"{share:.1%}".replace("%", "\u202f%")


def spread(interval: tuple[float, float] | None) -> str:
    """An interval of rates."""
    return NONE if interval is None else f"{interval[0]:.1%} to {interval[1]:.1%}".replace("%", "\u202f%")


def points(difference: float) -> str:
    """A difference of rates, in percentage points."""
    return f"{abs(difference) * 100:.1f} points"


def usd(amount: float | None) -> str:
    """Dollars; below a cent as exactly as it takes."""
    if amount is None:
        return NONE
    return f"{amount:,.2f} USD" if amount == 0 or amount >= 1 else f"{amount:.4f} USD"


def seconds(time: float) -> str:
    """A short time."""
    return f"{time:.2f} s"


def hours(time: float | None) -> str:
    """Hours of audio."""
    return NONE if time is None else f"{time:,.2f} h"


def size(number: int | None) -> str:
    """Bytes, in decimal units."""
    if number is None:
        return NONE
    amount, unit = float(number), 0
    while amount >= _THOUSAND and unit < len(_UNITS) - 1:
        amount, unit = amount / _THOUSAND, unit + 1
    return f"{amount:.3g} {_UNITS[unit]}"


def moment(at: datetime) -> str:
    """A time of day in UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def lapse(time: timedelta) -> str:
    """How long something took: days, hours, minutes and seconds, the first two that count."""
    minutes, left = divmod(max(int(time.total_seconds()), 0), 60)
    hour, minutes = divmod(minutes, 60)
    days, hour = divmod(hour, 24)
    parts = [(days, "d"), (hour, "h"), (minutes, "min"), (left, "s")]
    told = [f"{number} {unit}" for number, unit in parts if number]
    return " ".join(told[:2]) or "under 1 s"


def said(text: str) -> str:
    """What somebody said, as it can be shown: what is no character in it is written out, but for joiners."""
    return "".join(each if each.isprintable() or each in _KEPT else ascii(each)[1:-1] for each in text)
