"""`attune`: the commands, put together."""

from __future__ import annotations

import typer

from attune.cli.approve import approve
from attune.cli.check import check
from attune.cli.doctor import doctor
from attune.cli.plan import plan
from attune.cli.reject import reject
from attune.cli.relay import relay
from attune.cli.rules import rules

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look after a deployment of attune.")
for command in (doctor, check, rules, plan, approve, reject, relay):
    app.command()(command)
