"""What people do to the intake bucket: pairs of few bytes, each with a word that is found wherever it gets to."""

from __future__ import annotations

import io
import random
import wave
from collections.abc import Iterator
from dataclasses import dataclass

DATASETS = ("alpha", "beta", "gamma")
BROKEN = b"RIFF\x24\x00\x00\x00WAVEbroken"
_RATE, _SECONDS = 8_000, 0.9


@dataclass(frozen=True, slots=True)
class Deed:
    """An upload, or (without data) a deletion; `kind` is what it is there for."""

    name: str
    data: bytes | None
    kind: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """The deeds of a seed, in an order where each file's own keep theirs."""

    seed: int
    pairs: int

    def deeds(self) -> Iterator[Deed]:
        """Some files are overwritten, deleted, sent twice; some are broken, lone, or none of ours."""
        dice = random.Random(f"corpus {self.seed}")  # noqa: S311 - a schedule, not a secret
        lines: list[list[Deed]] = []
        for number in range(self.pairs):
            lines += self._pair(number, dice)
        for number in range(max(2, self.pairs // 25)):
            lines.append([Deed(f"{_dataset(number)}/lone/{number:05}.txt", self.text(f"lone{number}"), "orphan")])
            lines.append([Deed(f"{_dataset(number)}/notes/{number:05}.md", b"about this folder", "not ours")])
        order = [at for at, deeds in enumerate(lines) for _ in deeds]
        dice.shuffle(order)
        return (lines[at].pop(0) for at in order)

    def more(self, number: int, dataset: str) -> Iterator[Deed]:
        """A little of every kind."""
        path, name = f"{dataset}/more/{number:05}", f"more{number}"
        again = self.text(f"{name}y")
        yield Deed(f"{path}.wav", self.sound(name), "upload")
        yield Deed(f"{path}.txt", self.text(name), "upload")
        yield Deed(f"{path}.txt", again, "overwrite")
        yield Deed(f"{path}.txt", again, "sent twice")
        yield Deed(f"{path}-lone.txt", self.text(f"{name}lone"), "orphan")
        yield Deed(f"{path}.md", b"about this", "not ours")
        yield Deed(f"{path}-broken.wav", BROKEN, "broken")
        if number % 3 == 0:
            yield Deed(f"{path}.wav", None, "delete")

    def sound(self, name: str) -> bytes:
        """Noise that no other name has."""
        dice = random.Random(f"sound {self.seed} {name}")  # noqa: S311 - noise
        out = io.BytesIO()
        with wave.open(out, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(_RATE)
            file.writeframes(bytes(byte & 0x9F for byte in dice.randbytes(2 * int(_RATE * _SECONDS))))
        return out.getvalue()

    def text(self, name: str) -> bytes:
        """A sentence with the marker."""
        return f"it says {self.marker}{name}\n".encode()

    @property
    def marker(self) -> str:
        """The word that must be in no log and no event."""
        return f"zq{self.seed}v"

    def _pair(self, number: int, dice: random.Random) -> list[list[Deed]]:
        path = f"{_dataset(number)}/speaker {number % 5}/clip #{number:05}"
        audio, text = f"{path}.wav", f"{path}.txt"
        fate = dice.random()
        if fate < 0.04:
            return [[Deed(audio, BROKEN, "broken")], [Deed(text, self.text(f"b{number}"), "broken")]]
        sounds = [Deed(audio, self.sound(f"{number}"), "upload")]
        words = [Deed(text, self.text(f"{number}"), "upload")]
        if fate < 0.10:
            sounds.append(Deed(audio, self.sound(f"{number} again"), "overwrite"))
        elif fate < 0.16:
            words.append(Deed(text, self.text(f"{number}x"), "overwrite"))
        elif fate < 0.20:
            words.append(Deed(text, None, "delete"))
        elif fate < 0.24:
            sounds.append(Deed(audio, None, "delete"))
            words.append(Deed(text, None, "delete"))
        elif fate < 0.28:
            words.append(Deed(text, words[0].data, "sent twice"))
        return [sounds, words]


def _dataset(number: int) -> str:
    return DATASETS[number % len(DATASETS)]
