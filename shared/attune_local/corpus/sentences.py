"""What is said on a harbour's radio: sentences of about three seconds from a small grammar."""

from collections.abc import Iterator
from random import Random

PATTERNS = (
    "{vessel}, berth {number} is {state}, proceed to the {place}.",
    "{station} to {vessel}, hold at the {place} until {time}.",
    "{vessel} reports {cargo} on deck, berth {number}, {time}.",
    "Tug {number}, assist {vessel} at the {place}, over.",
    "{vessel}, wind {direction} {number} knots, tide {tide}.",
    "All ships, the {place} is {state} until {time}.",
    "Crane {number} is {state}, move the {cargo} to shed {other}.",
    "{station}, {vessel} asks for a pilot at {time}.",
    "{vessel}, reduce speed to {number} knots near the {place}.",
    "Customs will board {vessel} at the {place}, {time}.",
)
WORDS = {
    "vessel": (
        *("Morning Heron", "Baltic Trader", "Silver Wake", "Northern Thistle", "Grey Petrel", "Amber Coast"),
        *("Lady Corvina", "Ocean Marigold", "Stella Fjord", "Iron Kestrel", "Quiet Meridian", "Saint Brannoc"),
    ),
    "station": ("Harbour control", "Port operations", "Pilot station", "Lock keeper"),
    "place": (
        *("north channel", "east breakwater", "outer anchorage", "fuel jetty", "swing bridge", "grain terminal"),
        *("dry dock", "ferry slip", "container quay", "inner basin"),
    ),
    "state": ("clear", "closed", "occupied", "open again", "out of service", "under repair"),
    "cargo": ("timber", "steel coils", "two reefers", "fertiliser", "turbine blades", "loose pallets"),
    "direction": ("north", "south west", "east", "north west", "south"),
    "tide": ("rising", "falling", "slack", "at high water"),
    "time": ("six thirty", "noon", "fourteen hundred", "quarter past nine", "midnight", "twenty forty"),
    "number": ("two", "four", "five", "seven", "nine", "eleven", "twelve", "fifteen"),
    "other": ("one", "three", "six", "eight"),
}


def sentences(seed: int) -> Iterator[str]:
    """Yield sentences, none of them twice (there are some tens of thousands), the same ones for the same seed."""
    chance = Random(seed)  # noqa: S311 - a reproducible choice is wanted, not a secret
    said: set[str] = set()
    while True:
        sentence = _sentence(chance)
        if sentence not in said:
            said.add(sentence)
            yield sentence


def _sentence(chance: Random) -> str:
    pattern = chance.choice(PATTERNS)
    return pattern.format(**{slot: chance.choice(words) for slot, words in WORDS.items()})
