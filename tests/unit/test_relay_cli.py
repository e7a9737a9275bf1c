"""`attune relay` refuses at once what cannot be used, in a sentence that gives nothing away."""

from __future__ import annotations

from base64 import b64encode

import pytest
import typer
from typer.testing import CliRunner, Result

from attune.cli.relay import relay

WRITTEN = "whsec_" + b64encode(bytes(range(32))).decode()
HOOK = "https://app.example/hook"


def run(to: str, secret: str | None) -> Result:
    app = typer.Typer()
    app.command()(relay)
    environment = {"ATTUNE_WEBHOOK_SECRET": secret, "ATTUNE_PROJECT": None, "GOOGLE_CLOUD_PROJECT": None}
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, ["--to", to], env=environment)


@pytest.mark.parametrize(
    ("to", "written", "sentence"),
    [
        (HOOK, None, "ATTUNE_WEBHOOK_SECRET is not set"),
        (HOOK, "hunter2", "ATTUNE_WEBHOOK_SECRET cannot be used: a secret starts with whsec_"),
        (HOOK, f"{WRITTEN} whsec_aHVudGVyMg==", "24 to 64 bytes; this one has 7"),
        ("http://app.example/hook", WRITTEN, "--to cannot be used: http:// would send it in the clear"),
        ("https://me:hunter2@app.example/", WRITTEN, "--to cannot be used: a name or password in a URL"),
        (HOOK, WRITTEN, "say which project: --project, or ATTUNE_PROJECT"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_read(to: str, written: str | None, sentence: str) -> None:
    result = run(to, written)
    assert result.exit_code == 2
    assert sentence in " ".join(result.output.replace("│", " ").split())
    assert "hunter2" not in result.output
    assert "aHVudGVyMg" not in result.output
