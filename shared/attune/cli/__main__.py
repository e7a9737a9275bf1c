"""`python -m attune.cli`: the command `attune`, where it is not installed."""

from attune.cli.app import app

app(prog_name="attune")
