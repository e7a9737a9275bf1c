"""Tuning: jobs that are created once, found again by their label, followed to their end, and looked for behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from attune.adapters.quiet import quiet
from attune.adapters.vertex import vertex_tuning
from attune.errors import QuotaError, RefusedError, UnansweredError
from attune.ports_tuning import Job, JobSpec, JobState
from attune_local.vertex.engine import Engine
from attune_local.vertex.mischief import Kind, Method, Mischief
from attune_local.vertex.objects import MemoryObjects
from attune_local.vertex.server import serving
from contract.conftest import PROJECT, REGION, Shop
from vertex_samples import TRAIN, bucket, file_row, jsonl

KEY = "projects/demo/locations/us-central1/keyRings/ours/cryptoKeys/speech"
SPEC = JobSpec("calls-r000001", "attune calls r000001", "gemini-2.5-flash", None, TRAIN, None, None, None, None)
SECRET = "my darling Clementine"  # noqa: S105 - a transcript, which no error may repeat
NOBODY = f"projects/{PROJECT}/locations/{REGION}/tuningJobs/1"


def ended(shop: Shop, spec: JobSpec = SPEC) -> Job:
    """A job, at its end."""
    name = shop.tuning.create(spec).name
    shop.finish()
    job = shop.tuning.job(name)
    assert job is not None
    assert job.state.is_final
    return job


# --- creating -------------------------------------------------------------------------------------------------


def test_a_job_is_created_with_its_label_and_has_not_ended(shop: Shop) -> None:
    job = shop.tuning.create(SPEC)
    assert job.label == "calls-r000001"
    assert not job.state.is_final
    assert (job.model, job.endpoint, job.error, job.dropped_count) == (None, None, None, 0)


def test_what_was_asked_for_is_what_the_service_was_told(shop: Shop) -> None:
    shop.contents["gs://sets/validation.jsonl"] = jsonl([file_row("gs://audio/1.wav")])
    wanted = replace(
        SPEC,
        validation_uri="gs://sets/validation.jsonl",
        epochs=3,
        learning_rate_multiplier=0.5,
        adapter_size=2,
    )
    shop.tuning.create(wanted)
    told = shop.engine.jobs()[0].job.request
    assert (told.training_uri, told.validation_uri) == (TRAIN, "gs://sets/validation.jsonl")
    assert (told.base_model, told.display_name) == ("gemini-2.5-flash", "attune calls r000001")
    assert (told.epochs, told.learning_rate_multiplier, told.adapter_size) == (3, 0.5, 2)
    assert told.last_checkpoint_only
    assert told.labels["attune_run"] == "calls-r000001"


@pytest.mark.parametrize("size", [1, 2, 4, 8, 16])
def test_an_adapter_size_arrives_as_the_number_that_was_meant(shop: Shop, size: int) -> None:
    shop.tuning.create(replace(SPEC, adapter_size=size))
    assert shop.engine.jobs()[0].job.request.adapter_size == size


def test_what_was_not_chosen_is_left_to_the_service(shop: Shop) -> None:
    shop.tuning.create(SPEC)
    told = shop.engine.jobs()[0].job.request
    assert (told.epochs, told.learning_rate_multiplier, told.adapter_size, told.validation_uri) == (0, 0.0, 0, "")


def test_a_job_goes_on_from_a_tuned_model(shop: Shop) -> None:
    first = ended(shop)
    again = ended(shop, replace(SPEC, label="calls-r000002", base_model=None, pre_tuned_model=first.model))
    assert again.state is JobState.SUCCEEDED
    assert shop.engine.jobs()[1].job.request.pre_tuned_model == first.model


def test_a_job_over_quota_is_not_taken_now(shop: Shop) -> None:
    for label in ("one", "two"):
        shop.tuning.create(replace(SPEC, label=label))
    with pytest.raises(QuotaError):
        shop.tuning.create(SPEC)
    assert len(list(shop.tuning.jobs())) == 2


def test_a_job_that_the_service_will_not_take_is_refused_with_its_sentence(shop: Shop) -> None:
    shop.engine.misbehave(
        Mischief(Kind.REFUSE_CREATE, message="The adapter size is not supported for this base model.")
    )
    with pytest.raises(RefusedError, match="adapter size is not supported"):
        shop.tuning.create(SPEC)


def test_a_refusal_never_repeats_a_row(shop: Shop) -> None:
    said = f'Row 3 is invalid. JSON: {{"contents": [{{"parts": [{{"text": "{SECRET}"}}]}}]}}'
    shop.engine.misbehave(Mischief(Kind.REFUSE_CREATE, message=said))
    with pytest.raises(RefusedError) as told:
        shop.tuning.create(SPEC)
    assert "Row 3 is invalid" in str(told.value)
    assert SECRET not in str(told.value)


def test_a_creation_without_an_answer_is_told_and_made_once(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.LOSE_ANSWER))
    with pytest.raises(UnansweredError):
        shop.tuning.create(SPEC)
    assert [job.label for job in shop.tuning.jobs()] == ["calls-r000001"]
    assert shop.engine.calls()[Method.CREATE_TUNING_JOB] == 1


def test_a_creation_that_found_the_service_down_is_told_and_not_repeated(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.UNAVAILABLE, methods=frozenset({Method.CREATE_TUNING_JOB})))
    with pytest.raises(UnansweredError):
        shop.tuning.create(SPEC)
    assert shop.engine.calls()[Method.CREATE_TUNING_JOB] == 1
    assert list(shop.tuning.jobs()) == []


# --- looking --------------------------------------------------------------------------------------------------


def test_a_job_that_is_not_known_is_none(shop: Shop) -> None:
    assert shop.tuning.job(NOBODY) is None


def test_there_are_no_jobs_before_the_first(shop: Shop) -> None:
    assert list(shop.tuning.jobs()) == []


def test_jobs_come_newest_first(shop: Shop) -> None:
    for number in range(5):
        ended(shop, replace(SPEC, label=f"calls-r{number:06d}"))
    assert [job.label for job in shop.tuning.jobs()] == [f"calls-r{number:06d}" for number in reversed(range(5))]


def test_a_job_is_the_same_in_the_list_and_alone(shop: Shop) -> None:
    job = ended(shop)
    assert list(shop.tuning.jobs()) == [job]


# --- ending ---------------------------------------------------------------------------------------------------


def test_a_job_that_succeeded_has_a_model_behind_an_endpoint(shop: Shop) -> None:
    job = ended(shop)
    assert job.state is JobState.SUCCEEDED
    assert job.model is not None
    assert job.endpoint is not None
    assert shop.tuning.serves(job.endpoint, job.model)


def test_dropped_rows_are_told_by_their_lines_with_a_reason_for_each(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.DROP_ROWS, indices=(2, 4), reason="contains an invalid audio file"))
    job = ended(shop)
    assert job.state is JobState.SUCCEEDED
    assert list(job.dropped) == [2, 4]
    assert all("invalid audio file" in reason for reason in job.dropped.values())
    assert job.dropped_count == 2


def test_a_job_that_failed_says_why(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.FAIL, message="Internal error encountered."))
    job = ended(shop)
    assert (job.state, job.model, job.endpoint) == (JobState.FAILED, None, None)
    assert job.error is not None
    assert "Internal error" in job.error


def test_a_job_that_failed_over_a_row_never_repeats_it(shop: Shop) -> None:
    broken = {"contents": [{"role": "user", "parts": [{"text": SECRET}]}]}
    shop.contents[TRAIN] = jsonl([file_row("gs://audio/1.wav", SECRET), broken])
    job = ended(shop)
    assert job.state is JobState.FAILED
    assert job.error
    assert SECRET not in job.error


def test_a_job_that_failed_after_its_model_was_uploaded_tells_the_model(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.NO_ENDPOINT))
    job = ended(shop)
    assert (job.state, job.endpoint) == (JobState.FAILED, None)
    assert job.model is not None
    assert job.error is not None


@pytest.mark.parametrize(
    ("kind", "state"),
    [
        (Kind.EXPIRE, JobState.EXPIRED),
        (Kind.PARTLY, JobState.PARTIALLY_SUCCEEDED),
    ],
)
def test_other_ends_are_told_as_they_are(shop: Shop, kind: Kind, state: JobState) -> None:
    shop.engine.misbehave(Mischief(kind))
    assert ended(shop).state is state


@pytest.mark.parametrize(("kind", "state"), [(Kind.PAUSE, JobState.PAUSED), (Kind.HOLD, JobState.RUNNING)])
def test_a_job_that_stands_still_has_not_ended(shop: Shop, kind: Kind, state: JobState) -> None:
    shop.engine.misbehave(Mischief(kind))
    name = shop.tuning.create(SPEC).name
    shop.finish()
    job = shop.tuning.job(name)
    assert job is not None
    assert job.state is state


def test_a_state_that_nobody_knows_is_unknown_and_has_not_ended(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.UNKNOWN_STATE, state=99))
    shop.engine.misbehave(Mischief(Kind.HOLD))
    name = shop.tuning.create(SPEC).name
    shop.finish()
    job = shop.tuning.job(name)
    assert job is not None
    assert job.state is JobState.UNKNOWN
    assert not job.state.is_final


def test_a_job_is_cancelled(shop: Shop) -> None:
    shop.engine.misbehave(Mischief(Kind.HOLD))
    name = shop.tuning.create(SPEC).name
    shop.tuning.cancel(name)
    shop.finish()
    job = shop.tuning.job(name)
    assert job is not None
    assert job.state is JobState.CANCELLED


def test_a_job_that_is_not_known_cannot_be_cancelled(shop: Shop) -> None:
    with pytest.raises(RefusedError):
        shop.tuning.cancel(NOBODY)


# --- serving --------------------------------------------------------------------------------------------------


def test_an_endpoint_that_is_gone_serves_nothing(shop: Shop) -> None:
    job = ended(shop)
    assert job.endpoint is not None
    assert job.model is not None
    shop.engine.vanish(job.endpoint)
    assert not shop.tuning.serves(job.endpoint, job.model)


def test_an_endpoint_serves_no_other_model(shop: Shop) -> None:
    one, other = ended(shop), ended(shop, replace(SPEC, label="calls-r000002"))
    assert one.endpoint is not None
    assert other.model is not None
    assert not shop.tuning.serves(one.endpoint, other.model)


def test_the_version_of_a_model_makes_no_difference_to_who_serves_it(shop: Shop) -> None:
    job = ended(shop)
    assert job.endpoint is not None
    assert job.model is not None
    unversioned = job.model.partition("@")[0]
    assert shop.tuning.serves(job.endpoint, unversioned)
    assert shop.tuning.serves(job.endpoint, f"{unversioned}@7")


# --- the adapter alone ----------------------------------------------------------------------------------------


def test_a_project_whose_service_agent_is_not_made_yet_is_told_to_come_again() -> None:
    engine = Engine(MemoryObjects(bucket()))
    said = "Service agents are being provisioned. So please try again in a few minutes."
    engine.misbehave(Mischief(Kind.REFUSE_CREATE, message=said))
    with serving(engine) as address, pytest.raises(QuotaError):
        vertex_tuning(PROJECT, REGION, address, None).create(SPEC)


def test_looking_is_repeated_until_the_service_answers() -> None:
    engine = Engine(MemoryObjects(bucket()))
    with serving(engine) as address:
        tuning = vertex_tuning(PROJECT, REGION, address, None)
        name = tuning.create(SPEC).name
        engine.misbehave(Mischief(Kind.UNAVAILABLE, times=2))
        assert tuning.job(name) is not None
        assert [job.name for job in tuning.jobs()] == [name]


def test_a_job_carries_our_label_the_account_that_was_named_and_the_key() -> None:
    engine = Engine(MemoryObjects(bucket()))
    with serving(engine) as address:
        vertex_tuning(PROJECT, REGION, address, "tuner@demo.iam.gserviceaccount.com", KEY).create(SPEC)
    told = engine.jobs()[0].job.request
    assert told.labels == {"attune": "tuning", "attune_run": "calls-r000001"}
    assert told.service_account == "tuner@demo.iam.gserviceaccount.com"
    assert told.encryption_key == KEY


def test_nothing_listening_is_no_answer() -> None:
    with serving(Engine(MemoryObjects({}))) as address:
        gone = vertex_tuning(PROJECT, REGION, address, None)
    with pytest.raises(UnansweredError):
        gone.create(SPEC)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("The adapter size is not supported.", "The adapter size is not supported."),
        ('Row 7. JSON: {"contents": "secret"}', "Row 7. JSON:"),
        ('The field "parts" holds "my darling" twice', 'The field "parts" holds "…" twice'),
        ('It ends in the middle of "my darl', 'It ends in the middle of "…"'),
        ("POST http://x/v1/projects/p/tuningJobs: No such bucket.", "No such bucket."),
        ("x" * 1000, "x" * 300),
        ("", ""),
    ],
)
def test_what_the_service_says_is_kept_without_what_it_quotes(said: str, kept: str) -> None:
    assert quiet(said) == kept


# --- annotating -----------------------------------------------------------------------------------------------


def test_a_model_is_marked_and_unmarked_and_keeps_its_other_labels(shop: Shop) -> None:
    model = str(ended(shop).model)
    before = dict(shop.engine.get_model(model).labels)
    shop.tuning.annotate(model, "attune_production", "r000001")
    marked = shop.engine.get_model(model)
    assert marked.labels == {**before, "attune_production": "r000001"}
    assert "attune-production" in marked.version_aliases
    shop.tuning.annotate(model, "attune_production", None)
    assert shop.engine.get_model(model).labels == before
    assert "attune-production" not in shop.engine.get_model(model).version_aliases


@pytest.mark.parametrize("model", [f"projects/{PROJECT}/locations/{REGION}/models/1@1", "models/1", "no name at all"])
def test_a_model_that_is_not_there_cannot_be_marked(shop: Shop, model: str) -> None:
    with pytest.raises(RefusedError):
        shop.tuning.annotate(model, "attune_production", "r000001")
