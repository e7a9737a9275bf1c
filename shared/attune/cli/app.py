"""`attune`: the commands, put together."""

from __future__ import annotations

import typer

from attune.cli.approve import approve
from attune.cli.cancel import cancel
from attune.cli.check import check
from attune.cli.doctor import doctor
from attune.cli.evaluate import evaluate
from attune.cli.lineage import lineage
from attune.cli.plan import plan
from attune.cli.reject import reject
from attune.cli.relay import relay
from attune.cli.retry import retry
from attune.cli.rollback import rollback
from attune.cli.rules import rules
from attune.cli.run import run
from attune.cli.runs import runs
from attune.cli.status import status

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Look after a deployment of attune.")
for command in (
    doctor,
    check,
    rules,
    plan,
    evaluate,
    approve,
    reject,
    relay,
    status,
    runs,
    rollback,
    cancel,
    retry,
    lineage,
):
    app.command()(command)
app.add_typer(run, name="run")
