"""Write a corpus of synthesised speech: python -m attune_local.corpus FOLDER --pairs 60 --seed 1."""

import argparse
import sys
from pathlib import Path

from attune_local.corpus.making import NO_SPEECH, write_corpus
from attune_local.corpus.speech import SpeechMissing


def main() -> int:
    """Write it; NO_SPEECH and a sentence where speech cannot be synthesised."""
    parser = argparse.ArgumentParser(prog="python -m attune_local.corpus", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pairs", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    try:
        write_corpus(asked.folder, asked.pairs, asked.seed)
    except SpeechMissing as error:
        print(error, file=sys.stderr)
        return NO_SPEECH
    return 0


if __name__ == "__main__":
    sys.exit(main())
