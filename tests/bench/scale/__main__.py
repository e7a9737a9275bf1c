"""Prints the lines: python -m bench.scale."""

import sys

from bench.scale import lines

for each in lines():
    sys.stdout.write(f"{each.what}: {each.figure} [{each.goal}]\n")
