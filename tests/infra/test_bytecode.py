"""What a build compiles is what a function's process runs, although the image dates every file 1980."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from attune_local.stage import stage
from infra.workplace import FUNCTIONS, ROOT, resources

# https://github.com/buildpacks/lifecycle/issues/1358
IN_AN_IMAGE = 315_532_801
# Imports the package of the folder, and prints how many of its files were compiled for that.
COUNTS = """
import sys
compiled = []
sys.addaudithook(lambda event, told: compiled.append(told[1]) if event == "compile" else None)
sys.path.insert(0, sys.argv[1])
from attune.services import watch
print(sum(str(name).startswith(sys.argv[1]) for name in compiled))
"""


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_cold_start_compiles_the_package(name: str, planned: dict[str, Any], tmp_path: Path) -> None:
    [function] = [each["values"] for each in resources(planned, "google_cloudfunctions2_function") if _is(each, name)]
    assert compiled_at_start(name, function["build_config"][0]["environment_variables"], tmp_path) == 0


def test_without_that_setting_each_cold_start_compiles_all_of_it(tmp_path: Path) -> None:
    assert compiled_at_start("watch", {}, tmp_path) > 20


def compiled_at_start(name: str, build: Mapping[str, str], into: Path) -> int:
    """How many files a process compiles after a build: staged, compiled as Google's buildpack does, and dated."""
    [folder] = stage(ROOT, [name], into)
    plain = {key: value for key, value in os.environ.items() if key not in ("SOURCE_DATE_EPOCH", "PYTHONPATH")}
    # https://github.com/GoogleCloudPlatform/buildpacks/blob/main/cmd/python/functions_framework/lib/lib.go
    subprocess.run([sys.executable, "-m", "compileall", "-f", "-q", "."], check=True, cwd=folder, env=plain | {**build})
    for path in folder.rglob("*"):
        os.utime(path, (IN_AN_IMAGE, IN_AN_IMAGE))
    told = subprocess.run(
        [sys.executable, "-P", "-c", COUNTS, str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env=plain | {"PYTHONDONTWRITEBYTECODE": "1"},  # an image's files are not written again
    )
    return int(told.stdout)


def _is(resource: Mapping[str, Any], name: str) -> bool:
    return str(resource["values"]["build_config"][0]["entry_point"]) == name
