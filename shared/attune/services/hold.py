"""Hold: a run that may not cost what it costs waits, before any job is asked for, until it is allowed to."""

from __future__ import annotations

from dataclasses import replace

from attune.config import Settings
from attune.domain.events.approval import AwaitingApproval
from attune.domain.plan import cost_fault, usd
from attune.domain.run import Plan, Run, RunState
from attune.ports import Clock, Documents, Post, Replace, Versioned
from attune.services.ending import move


def why_held(run: Run) -> str | None:
    """Why an assembled run has to wait, by the maximum that its cut froze; None where it may go on."""
    if run.cost_allowed or run.plan is None or run.recipe is None:
        return None
    fault = cost_fault(run.plan, run.recipe.max_cost_usd)
    return f"{fault}: approve or reject it, or change max_run_cost_usd" if fault else None


def hold(read: Versioned[Run], plan: Plan, reason: str, documents: Documents, post: Post, clock: Clock) -> None:
    """Makes an assembled run wait for approval, and says so."""
    waiting = read.value.to(RunState.AWAITING_APPROVAL, clock(), reason)
    told = AwaitingApproval(
        dataset=waiting.dataset,
        run=waiting.id,
        reason=reason,
        cost_usd=plan.cost_usd,
        max_run_cost_usd=waiting.recipe.max_cost_usd if waiting.recipe else None,
        rows=plan.rows,
        hours=plan.hours,
    )
    move(read, waiting, (told,), documents, post)


def let_go(read: Versioned[Run], settings: Settings, documents: Documents, clock: Clock) -> bool:
    """Lets a held run go on if the dataset's settings allow by now what it costs.

    Raises:
        ConflictError: somebody else decided on it at this moment.
    """
    plan, most = read.value.plan, settings.max_run_cost_usd
    if plan is None or cost_fault(plan, most):
        return False
    why = "max_run_cost_usd was cleared" if most is None else f"max_run_cost_usd is {usd(most)} by now"
    going = replace(read.value.to(RunState.ASSEMBLED, clock()), cost_allowed=why)
    documents.commit(Replace(read, going))
    return True
