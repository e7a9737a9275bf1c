"""`attune relay`: post what a subscription is told to a webhook, signed."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from threading import Event
from typing import Annotated

import typer

from attune.adapters.subscription import Subscription
from attune.adapters.webhook import HttpHook
from attune.domain.webhook import Notice, Secret, address_fault
from attune.errors import AttuneError, NotAnEventError
from attune.log import logger
from attune.services.relay import Fate, Relay
from attune.world import now

SECRET = "ATTUNE_WEBHOOK_SECRET"  # noqa: S105 - where it is, not what it is


def relay(
    to: Annotated[str, typer.Option(envvar="ATTUNE_WEBHOOK", help="The receiver's https:// URL.", show_default=False)],
    subscription: Annotated[str, typer.Option(help="The subscription, by its id.")] = "attune-relay",
    project: Annotated[
        str,
        typer.Option(envvar=["ATTUNE_PROJECT", "GOOGLE_CLOUD_PROJECT"], help="The project's id.", show_default=False),
    ] = "",
) -> None:
    """Post every event of a subscription to a webhook, until stopped.

    Posts are signed as Standard Webhooks has it, with the secret in ATTUNE_WEBHOOK_SECRET (whsec_…; two with a blank
    between them while one follows the other). Each event is posted at least once, always under the same webhook-id.
    2xx acknowledges it; anything else is tried again, here for half a minute and then from the subscription; 410 ends
    the relay, with an exit code of 1, and leaves the rest in the subscription.
    """
    ended = Event()
    hook, name = _hook(to, ended), _full_name(project, subscription)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    telling = Telling(Relay(hook))
    try:
        _read(name, telling, ended)
    except AttuneError as trouble:
        typer.echo(str(trouble), err=True)
        raise typer.Exit(1) from trouble
    raise typer.Exit(1 if telling.unwanted else 0)


@dataclass(slots=True)
class Telling:
    """The relay, with a line in the log for each event."""

    relay: Relay
    unwanted: bool = False

    def __call__(self, notice: Notice) -> Fate:
        """What becomes of the event."""
        relayed = self.relay(notice)
        self.unwanted = self.unwanted or relayed.fate is Fate.UNWANTED
        tell = logger().info if relayed.fate is Fate.TAKEN else logger().warning
        tell("event", id=notice.id, type=notice.type, fate=relayed.fate, why=relayed.why)
        return relayed.fate


def _read(name: str, telling: Telling, ended: Event) -> None:
    from google.cloud.pubsub_v1 import SubscriberClient  # noqa: PLC0415 - a second that --help need not take

    with SubscriberClient() as client:
        Subscription(client, name, ended).hand_on(telling, _log_refused)


def _log_refused(refused: NotAnEventError) -> None:
    logger().error("not an event of ours", why=str(refused))


def _hook(to: str, ended: Event) -> HttpHook:
    try:
        secrets = [Secret.read(written) for written in os.environ.get(SECRET, "").split()]
    except ValueError as wrong:
        raise typer.BadParameter(f"{SECRET} cannot be used: {wrong}") from None
    if not secrets:
        raise typer.BadParameter(f"{SECRET} is not set: it has the secret that posts are signed with, whsec_…")
    if fault := address_fault(to):
        raise typer.BadParameter(f"--to cannot be used: {fault}")
    return HttpHook(to, secrets, now, wanted=lambda: not ended.is_set())


def _full_name(project: str, subscription: str) -> str:
    if subscription.startswith("projects/"):
        return subscription
    if not project:
        raise typer.BadParameter("say which project: --project, or ATTUNE_PROJECT")
    return f"projects/{project}/subscriptions/{subscription}"
