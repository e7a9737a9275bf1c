"""What a plan says of a run's rows: limits, cost, what is left out, and in which words."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import google_crc32c
import pytest

from attune.adapters.codec import decode, encode
from attune.config import Settings
from attune.domain.base_models import BaseModel, base_model
from attune.domain.fit import Rows
from attune.domain.names import pair_id
from attune.domain.part import Part
from attune.domain.plan import cost_fault, drafted, usd
from attune.domain.recipe import OverLimit, Recipe, Scope
from attune.domain.row import Weight
from attune.domain.run import Binding, Plan
from attune.domain.shard import Member, Shard, Span, Store, Tree
from attune.domain.split import Split

FLASH = base_model("gemini-2.5-flash")
STORE = Store("d")


def recipe(**settings: object) -> Recipe:
    return Settings.model_validate(settings).recipe("d")


def small(**limits: Any) -> BaseModel:
    return replace(FLASH, limits=replace(FLASH.limits, **limits))


def whole(split: Split, rows: int, size: int = 0, tokens: int = 0, tasks: Mapping[str, int] | None = None) -> Rows:
    """A side of so many rows and bytes, of which nothing is to be cut."""
    span = Span(
        rows, 7200.0, tokens, "v", tasks or {"transcription": rows}, Part("f", size or rows, 0), Part("l", 1, 0)
    )
    root = Shard("d", split, "", span, (), {"0": span}) if rows else None
    return Rows("d", split, STORE, google_crc32c.value, root, dict[str, Shard]().__getitem__)


def grown(split: Split, rows: int, size: int = 100) -> Rows:
    """A side of so many rows of the same size, of which any beginning can be taken."""
    ids = [pair_id("d", f"{split}{index}") for index in range(rows)]
    line, weight = "{}\n", Weight(1, 1, 1)
    members = {
        at: Member(at, Part(f"rows/{at}", size, 0), line, "t", 1.0, 40, "v", "transcription", "audio/wav", weight)
        for at in ids
    }
    tree = Tree("d", split, STORE, google_crc32c.value)
    nodes = {node.prefix: node for node in tree.grow({}, members)}
    return Rows("d", split, STORE, google_crc32c.value, nodes.get(""), nodes.__getitem__)


def plan(train: Rows, validation: Rows | None = None, known: BaseModel = FLASH, **settings: object) -> Plan:
    return drafted(train, validation or whole(Split.VALIDATION, 0), recipe(**settings), known).plan


def train(rows: int, size: int = 0, tokens: int = 0, tasks: Mapping[str, int] | None = None) -> Rows:
    return whole(Split.TRAIN, rows, size, tokens, tasks)


# --- weights ----------------------------------------------------------------------------------------------------


def test_a_plan_tells_what_both_files_hold() -> None:
    told = plan(train(10, 1000, 320, {"mood": 4, "transcription": 6}), whole(Split.VALIDATION, 3, 300))
    assert (told.rows, told.train_bytes, told.tokens, told.hours) == (10, 1000, 320, 2.0)
    assert (told.validation_rows, told.validation_bytes) == (3, 300)
    assert told.tasks == {"mood": 4, "transcription": 6}
    assert (told.over, told.notes, told.left_out, told.validation_left_out, told.exact) == ((), (), 0, 0, True)


def test_the_limit_that_binds_first_is_the_one_used_most() -> None:
    assert plan(train(30_000, 10_000)).binding == Binding("training rows", 30_000, 300_000)
    assert plan(train(30_000, 500_000_000)).binding == Binding("bytes of train.jsonl", 500_000_000, 1_000_000_000)
    beside = plan(train(1_000, 10_000), whole(Split.VALIDATION, 400, 10_000)).binding
    assert beside == Binding("validation rows", 400, 1_000)
    held_out = plan(train(1_000, 10_000), whole(Split.VALIDATION, 10, 600_000_000)).binding
    assert held_out == Binding("bytes of validation.jsonl", 600_000_000, 1_000_000_000)
    assert held_out is not None
    assert held_out.share == 0.6


def test_what_a_run_may_cost_is_a_limit_like_the_others() -> None:
    told = plan(train(10, 1000, 2_000_000), epochs=3, max_run_cost_usd=40)
    assert told.binding == Binding("max_run_cost_usd", 30.0, 40.0)
    nothing_allowed = plan(train(10, 1000, 2_000_000), epochs=3, max_run_cost_usd=0)
    assert nothing_allowed.binding == Binding("training rows", 10, 300_000)


def test_a_plan_is_stored_and_read_again() -> None:
    told = plan(grown(Split.TRAIN, 50), known=small(file_bytes=1000), over_limit="sample")
    assert decode(Plan, encode(told)) == told


def test_a_plan_that_an_older_version_stored_is_read() -> None:
    older = {"rows": 4, "hours": 0.1, "tokens": 9, "epochs": None, "cost_usd": None}
    assert decode(Plan, older) == Plan(4, 0.1, 9, None, None)


# --- cost -------------------------------------------------------------------------------------------------------


def test_a_plan_says_what_all_epochs_cost() -> None:
    told = plan(train(10, 1000, 2_000_000), epochs=3)
    assert (told.epochs, told.cost_usd, told.cost_note) == (3, 30.0, None)


def test_where_the_service_is_known_to_take_so_many_epochs_they_count() -> None:
    told = plan(train(10, 1000, 2_000_000), known=replace(FLASH, epochs=2))
    assert (told.epochs, told.cost_usd) == (2, 20.0)


def test_without_epochs_the_cost_is_not_known_but_that_of_one_is_told() -> None:
    told = plan(train(10, 1000, 2_000_000))
    assert (told.epochs, told.cost_usd) == (None, None)
    assert told.cost_note == "epochs is not set, and the service does not tell how many it takes; each costs 10.00 USD"


def test_without_a_price_the_cost_is_not_known() -> None:
    told = plan(train(10), known=base_model("gemini-3.5-flash"), base_model="gemini-3.5-flash", epochs=3)
    assert (told.epochs, told.cost_usd) == (3, None)
    assert told.cost_note == "no source tells what tuning gemini-3.5-flash costs"


def test_no_maximum_allows_any_cost_and_one_not_known() -> None:
    assert cost_fault(plan(train(10, 1000, 10**9), epochs=100), None) is None
    assert cost_fault(plan(train(10)), None) is None


def test_a_maximum_allows_just_what_it_says() -> None:
    told = plan(train(10, 1000, 2_000_000), epochs=3)
    assert cost_fault(told, 30.0) is None
    assert cost_fault(told, 29.99) == "it costs 30.00 USD, and max_run_cost_usd is 29.99"
    assert cost_fault(told, 0) == "it costs 30.00 USD, and max_run_cost_usd is 0.00"


def test_a_maximum_allows_nothing_that_is_not_known() -> None:
    fault = cost_fault(plan(train(10)), 5)
    assert fault
    assert fault.startswith("what it costs is not known (epochs is not set")
    assert fault.endswith("and max_run_cost_usd is 5.00")


@pytest.mark.parametrize(("amount", "told"), [(0, "0.00"), (0.00123, "0.0012"), (0.1, "0.10"), (1234.5, "1,234.50")])
def test_a_sum_is_told_so_that_a_small_one_is_not_nothing(amount: float, told: str) -> None:
    assert usd(amount) == told


# --- over a limit -----------------------------------------------------------------------------------------------


def test_a_plan_at_the_limits_passes() -> None:
    at_the_most = plan(train(300_000, 1_000_000_000), whole(Split.VALIDATION, 5_000, 1_000_000_000))
    assert (at_the_most.over, at_the_most.notes) == ((), ())
    assert plan(train(10), whole(Split.VALIDATION, 1_000)).validation_left_out == 0
    assert plan(train(10_000), whole(Split.VALIDATION, 3_000)).validation_left_out == 0


def test_every_limit_that_is_broken_is_said_at_once_with_what_to_do() -> None:
    told = plan(grown(Split.TRAIN, 50), known=small(file_bytes=1_000, rows=20))
    todo = "use scope new, or over_limit sample, which leaves out 40 of 50 rows"
    assert told.over == (
        f"train.jsonl has 5,000 bytes, and 1,000 are taken: {todo}",
        f"train.jsonl has 50 rows, and 20 are taken: {todo}",
    )
    assert (told.rows, told.train_bytes, told.left_out) == (50, 5_000, 40)
    assert told.binding == Binding("bytes of train.jsonl", 5_000, 1_000)


def test_rows_that_carry_their_audio_could_point_at_it() -> None:
    (fault,) = plan(grown(Split.TRAIN, 50), known=small(file_bytes=1_000), row_format="inline_data").over
    assert "taken: use row_format file_uri, scope new, or over_limit sample, which" in fault
    (fault,) = plan(grown(Split.TRAIN, 50), known=small(rows=20), row_format="inline_data", scope="new").over
    assert "taken: use over_limit sample, which leaves out 30" in fault


def test_an_adapter_size_that_the_model_does_not_take_is_refused() -> None:
    told = plan(train(10), known=base_model("gemini-2.5-pro"), base_model="gemini-2.5-pro", adapter_size=16)
    assert told.over == ("adapter_size 16 is not one of gemini-2.5-pro's: 1, 2, 4, 8",)


def test_nothing_to_train_on_is_refused_under_any_policy() -> None:
    for policy in OverLimit:
        (fault,) = plan(train(0), over_limit=policy.value).over
        assert fault.startswith("no pair is on the training side")


def test_a_sample_is_what_fits_and_says_what_it_leaves_out() -> None:
    draft = drafted(
        grown(Split.TRAIN, 50), whole(Split.VALIDATION, 0), recipe(over_limit="sample"), small(file_bytes=1_050)
    )
    assert (draft.plan.rows, draft.plan.train_bytes, draft.plan.left_out) == (10, 1_000, 40)
    assert (draft.plan.tokens, draft.plan.tasks) == (400, {"transcription": 10})
    assert draft.train.span.count == 10
    assert draft.train.nodes
    assert (draft.plan.over, draft.plan.notes) == ((), ("over_limit sample leaves out 40 of 50 training rows",))


def test_what_the_sample_costs_is_what_counts() -> None:
    sampled = plan(grown(Split.TRAIN, 50), known=small(rows=10), over_limit="sample", epochs=2)
    assert sampled.cost_usd == 0.004
    assert plan(grown(Split.TRAIN, 50), known=small(rows=10), epochs=2).cost_usd == 0.02


def test_a_file_that_takes_not_even_one_row_is_refused() -> None:
    told = plan(grown(Split.TRAIN, 50), known=small(file_bytes=99), over_limit="sample")
    assert told.over == ("not even one row fits: train.jsonl may have 99 bytes and 300,000 rows",)
    assert (told.rows, told.left_out) == (0, 50)


def test_more_held_out_rows_than_are_taken_are_cut_and_never_refused() -> None:
    for policy in OverLimit:
        known = small(validation_always=10, validation_share=0.3, validation_most=15)
        told = plan(grown(Split.TRAIN, 40), grown(Split.VALIDATION, 50), known, over_limit=policy.value)
        assert (told.over, told.validation_rows, told.validation_left_out) == ((), 12, 38)
        assert told.notes == (
            "38 of 50 validation rows are left out: beside 40 training rows 12 are taken, of 1,000,000,000 bytes",
        )


def test_the_hold_out_is_cut_to_the_bytes_that_are_taken() -> None:
    told = plan(grown(Split.TRAIN, 5), grown(Split.VALIDATION, 50), small(file_bytes=1_000))
    assert (told.over, told.validation_rows, told.validation_bytes) == ((), 10, 1_000)


def test_the_hold_out_goes_by_the_training_rows_that_are_left() -> None:
    known = small(rows=40, validation_always=10, validation_share=0.3, validation_most=1_000)
    assert plan(grown(Split.TRAIN, 100), grown(Split.VALIDATION, 50), known, over_limit="sample").validation_rows == 12
    assert plan(grown(Split.TRAIN, 100), grown(Split.VALIDATION, 50), known).validation_rows == 30


def test_a_plan_that_is_no_more_than_an_estimate_says_so() -> None:
    told = drafted(train(10), whole(Split.VALIDATION, 0), recipe(scope=Scope.NEW.value), FLASH, exact=False).plan
    assert not told.exact
    assert told.notes == (
        "bytes and tokens are estimates: casing or punctuation was changed since some rows were written",
    )
