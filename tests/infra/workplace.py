"""A place to run Terraform in: a copy of a configuration, the functions' archives, and the stand-in as the provider."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attune_local.stage import stage
from infra.standin.schema import read_schema

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
FUNCTIONS = ("ingest", "erase", "launch", "watch")
PROJECT = "demo-project"

_TERRAFORM = ROOT / "infra/terraform.py"
_PACK = ROOT / "infra/pack.py"
_LEFT_BEHIND = shutil.ignore_patterns(
    ".terraform", ".terraform.lock.hcl", "*.tfstate*", "*.tfvars", "*.tfvars.json", "*.py"
)
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_WITHOUT_A_BUCKET = 'terraform {\n  backend "local" {}\n}\n'
_PROVIDER_LINE = re.compile(r"provider\[(\S+/hashicorp/google)\]")
_PLUGIN = """#!{python} -I
import sys

sys.path.insert(0, {tests!r})
from infra.standin.serve import main

main()
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a Terraform command said."""

    code: int
    said: str
    complained: str


@dataclass(frozen=True, slots=True)
class Workplace:
    """A configuration's copy to run Terraform in; `environment` is that of its commands."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)

    def run(self, *arguments: str, check: bool = True) -> Answer:
        """Runs Terraform as a person's `make` would: the program on PATH, or the library."""
        done = subprocess.run(
            [sys.executable, str(_TERRAFORM), *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        answer = Answer(done.returncode, done.stdout, done.stderr)
        if check and answer.code:
            raise AssertionError(f"terraform {' '.join(arguments)}: {answer}")
        return answer

    def init(self) -> None:
        """Installs provider and modules."""
        self.run("init", "-input=false", "-no-color")

    def plan(self, **variables: object) -> dict[str, Any]:
        """The plan, as JSON."""
        self.run("plan", "-input=false", "-no-color", "-out=plan.bin", *_options(variables))
        return dict(json.loads(self.run("show", "-json", "plan.bin").said))

    def apply(self, **variables: object) -> dict[str, Any]:
        """Applies, and returns the state as JSON."""
        self.run("apply", "-auto-approve", "-input=false", "-no-color", *_options(variables))
        return dict(json.loads(self.run("show", "-json").said))

    def has_changes(self, **variables: object) -> bool:
        """Whether a plan would change anything."""
        asked = ("plan", "-detailed-exitcode", "-input=false", "-no-color", *_options(variables))
        answer = self.run(*asked, check=False)
        if answer.code not in {0, 2}:
            raise AssertionError(f"terraform plan: {answer}")
        return answer.code == 2


def workplace(configuration: Path, at: Path, path: str | None = None) -> Workplace:
    """A copy of the configuration in an empty folder. `path` replaces PATH, to hide the program Terraform."""
    folder = at / "infra"
    shutil.copytree(configuration, folder, ignore=_LEFT_BEHIND)
    (folder / "backend_override.tf").write_text(_WITHOUT_A_BUCKET)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("TF_", "GOOGLE_"))}
    environment |= {"TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "TF_INPUT": "0"}
    environment["TF_CLI_CONFIG_FILE"] = str(at / "terraform.rc")
    if path is not None:
        environment["PATH"] = path
    place = Workplace(folder, environment)
    _mirror(at, _provider_address(at, environment))
    return place


def pack(build: Path) -> dict[str, str]:
    """Zips what is staged, and returns each archive's hash."""
    done = subprocess.run(
        [sys.executable, str(_PACK), "--build", str(build), *FUNCTIONS], capture_output=True, text=True, check=True
    )
    return {name.removesuffix(".zip"): digest for name, digest in map(str.split, done.stdout.splitlines())}


def archives(build: Path) -> None:
    """Stages the project's functions and zips them."""
    stage(ROOT, FUNCTIONS, build)
    pack(build)


def resources(state: Mapping[str, Any], kind: str | None = None) -> Iterator[dict[str, Any]]:
    """The managed resources of a plan or a state, those of its modules included."""
    values = state.get("planned_values") or state["values"]
    yield from (each for each in _walk(values["root_module"]) if kind in {None, each["type"]})


def _walk(module: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (each for each in module.get("resources", []) if each["mode"] == "managed")
    for child in module.get("child_modules", []):
        yield from _walk(child)


def _options(variables: Mapping[str, object]) -> Sequence[str]:
    given = {"project_id": PROJECT, **variables}
    return [f"-var={name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in given.items()]


def _provider_address(at: Path, environment: Mapping[str, str]) -> str:
    """Where Terraform looks for the provider: host, namespace and name, by Terraform's own word."""
    (at / "terraform.rc").write_text("disable_checkpoint = true\n")
    asking = at / "asking"
    asking.mkdir()
    (asking / "main.tf").write_text(
        'terraform {\n  required_providers {\n    google = { source = "hashicorp/google" }\n  }\n}\n'
    )
    said = Workplace(asking, environment).run("providers", "-no-color").said
    found = _PROVIDER_LINE.search(said)
    if found is None:
        raise AssertionError(f"terraform providers names no google provider:\n{said}")
    return found[1]


def _mirror(at: Path, address: str) -> None:
    """Lays the stand-in out as a mirror in the file system, and has Terraform look nowhere else."""
    version = read_schema().version
    system = f"{sys.platform}_{_ARCHITECTURES[platform.machine()]}"
    folder = at / "mirror" / address / version / system
    folder.mkdir(parents=True)
    plugin = folder / f"terraform-provider-google_v{version}_x5"
    plugin.write_text(_PLUGIN.format(python=sys.executable, tests=str(HERE.parent)))
    plugin.chmod(0o755)
    (at / "terraform.rc").write_text(
        "disable_checkpoint = true\n\nprovider_installation {\n"
        f'  filesystem_mirror {{\n    path = "{(at / "mirror").as_posix()}"\n  }}\n}}\n'
    )
