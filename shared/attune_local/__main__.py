"""The local stack's commands: `python -m attune_local demo`, `python -m attune_local up`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from attune_local.demo.show import demo as play
from attune_local.stack.up import up as keep_up

app = typer.Typer(add_completion=False, help=__doc__)
STAGED = Path("build")


@app.command()
def demo(
    corpus: Annotated[Path | None, typer.Option(exists=True, file_okay=False, help="A folder of pairs.")] = None,
    threshold: Annotated[int | None, typer.Option(min=1, help="Pairs that start a run.")] = None,
) -> None:
    """Drop recordings, and watch until the alias stands for a tuned model."""
    console = Console(highlight=False)
    try:
        holds = play(STAGED, corpus, threshold, console)
    except (TimeoutError, ValueError) as failed:
        console.print(f"The demo failed: {failed}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from failed
    raise typer.Exit(0 if holds else 1)


@app.command()
def up() -> None:
    """Keep the local stack up until Ctrl-C."""
    keep_up(STAGED)


if __name__ == "__main__":
    app()
