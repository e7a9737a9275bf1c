import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from attune_local.vertex.content import Conversation, FileData, InlineData, Text, Turn
from attune_local.vertex.engine import Engine, Settings
from attune_local.vertex.errors import AnswerLostError, Code, ServiceError
from attune_local.vertex.jobs import Timing
from attune_local.vertex.mischief import Kind, Method, Mischief
from attune_local.vertex.names import place_of, project_number
from attune_local.vertex.objects import MemoryObjects
from attune_local.vertex.resources import (
    FINAL_STATES,
    Endpoint,
    JobState,
    Model,
    ModelChanges,
    TunedModel,
    TuningJob,
    TuningRequest,
)
from vertex_samples import PARENT, PROMPT, TRAIN, VALIDATION, Clock, bucket, file_row, jsonl, wav

REQUEST = TuningRequest(TRAIN, base_model="gemini-2.5-flash", epochs=2, labels={"run": "r1"}, display_name="demo")
TIMING = Timing(timedelta(seconds=10), timedelta(seconds=60), timedelta(seconds=5))


@dataclass
class World:
    """An engine, its clock and its bucket."""

    settings: Settings = field(default_factory=lambda: Settings(timing=TIMING))
    contents: dict[str, bytes] = field(default_factory=bucket)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.engine = Engine(MemoryObjects(self.contents), clock=self.clock, settings=self.settings)

    def create(self, request: TuningRequest = REQUEST, parent: str = PARENT) -> TuningJob:
        return self.engine.create_tuning_job(parent, request)

    def after(self, seconds: float, job: TuningJob) -> TuningJob:
        self.clock.go(seconds)
        return self.engine.get_tuning_job(job.name)

    def finished(self, request: TuningRequest = REQUEST) -> TuningJob:
        return self.after(70, self.create(request))

    def misbehave(self, kind: Kind) -> None:
        self.engine.misbehave(Mischief(kind))

    def tuned(self, request: TuningRequest = REQUEST) -> TunedModel:
        tuned = self.finished(request).tuned_model
        assert tuned is not None
        return tuned

    def model(self, request: TuningRequest = REQUEST) -> Model:
        return self.engine.get_model(self.tuned(request).model)

    def endpoint(self, request: TuningRequest = REQUEST) -> Endpoint:
        return self.engine.get_endpoint(self.tuned(request).endpoint)

    def ask(self, model: str, content: bytes) -> str:
        self.contents["gs://audio/asked.wav"] = content
        return self.engine.generate_content(model, asked(FileData("audio/wav", "gs://audio/asked.wav"))).text


def asked(*parts: Text | FileData | InlineData) -> Conversation:
    return Conversation("", (Turn("user", (*parts, Text(PROMPT))),))


def refused(world: World, request: TuningRequest, parent: str = PARENT) -> ServiceError:
    with pytest.raises(ServiceError) as error:
        world.create(request, parent)
    assert world.engine.jobs() == ()
    return error.value


# The walk of a job.


def test_a_job_walks_from_pending_through_running_to_succeeded() -> None:
    world = World()
    job = world.create()
    assert (job.state, job.start_time) == (JobState.JOB_STATE_PENDING, None)
    assert world.after(9, job).state == JobState.JOB_STATE_PENDING
    assert world.after(1, job).state == JobState.JOB_STATE_RUNNING
    assert world.after(59, job).end_time is None
    final = world.after(1, job)
    assert final.state == JobState.JOB_STATE_SUCCEEDED
    assert final.start_time == job.create_time + timedelta(seconds=10)
    assert final.end_time == final.update_time == job.create_time + timedelta(seconds=70)
    assert final.request == REQUEST


def test_names_carry_the_project_number_and_are_found_by_the_project_id() -> None:
    world = World()
    job = world.create()
    assert job.name.startswith(f"projects/{project_number('demo')}/locations/us-central1/tuningJobs/")
    by_id = job.name.replace(project_number("demo"), "demo")
    assert world.engine.get_tuning_job(by_id) == job


def test_a_finished_job_has_a_model_an_endpoint_and_a_checkpoint_for_each_epoch() -> None:
    world = World()
    tuned = world.tuned()
    assert tuned.model.endswith("@1")
    assert [(c.checkpoint_id, c.epoch, c.step) for c in tuned.checkpoints] == [("1", 1, 1), ("2", 2, 2)]
    assert tuned.endpoint == tuned.checkpoints[-1].endpoint
    endpoint = world.engine.get_endpoint(tuned.endpoint)
    assert endpoint.deployed_models[0].model == tuned.model.removesuffix("@1")
    assert (endpoint.labels, endpoint.display_name) == ({"run": "r1"}, "demo")


def test_a_job_for_the_last_checkpoint_only_has_one_endpoint() -> None:
    world = World()
    tuned = world.tuned(replace(REQUEST, last_checkpoint_only=True))
    assert tuned.checkpoints == ()
    assert len(world.engine.list_endpoints(PARENT).items) == 1


def test_a_finished_job_has_statistics_of_its_data() -> None:
    stats = World().finished().stats
    assert stats is not None
    assert (stats.examples, stats.dropped, stats.steps) == (4, 0, 2)
    assert stats.billable_tokens == 32 * (1 + 2 + 3 + 4) + 4 * (8 + 5)
    assert (stats.input_tokens.least, stats.input_tokens.most, stats.input_tokens.median) == (40, 136, 88)


def test_rows_that_cannot_be_used_are_counted_and_a_sample_of_them_named() -> None:
    world = World(Settings(timing=TIMING, dropped_sample=1))
    for n in (1, 3):
        del world.contents[f"gs://audio/{n}.wav"]
    stats = world.finished().stats
    assert stats is not None
    assert (stats.examples, stats.dropped, stats.dropped_indices) == (4, 2, (1,))
    assert "gs://audio/1.wav" in stats.dropped_reasons[0]
    assert [row.index for row in world.engine.jobs()[0].dropped] == [1, 3]


def test_the_dataset_is_read_when_the_job_starts_to_run() -> None:
    world = World()
    train = world.contents.pop(TRAIN)
    job = world.create()
    world.contents[TRAIN] = train
    assert world.after(10, job).state == JobState.JOB_STATE_RUNNING
    del world.contents[TRAIN]
    assert world.after(60, job).state == JobState.JOB_STATE_SUCCEEDED


def test_a_dataset_that_is_refused_fails_the_job_as_it_starts_to_run() -> None:
    world = World(contents={TRAIN: b"nope\n"})
    failed = world.after(10, world.create())
    assert (failed.state, failed.tuned_model) == (JobState.JOB_STATE_FAILED, None)
    assert failed.error is not None
    assert failed.error.code == 3
    assert "example 1 of 1" in failed.error.message


def test_a_validation_file_that_is_missing_fails_the_job() -> None:
    failed = World().finished(replace(REQUEST, validation_uri=VALIDATION))
    assert failed.error is not None
    assert VALIDATION in failed.error.message


def test_a_storage_that_fails_is_asked_again() -> None:
    @dataclass
    class Flaky(MemoryObjects):
        contents: Mapping[str, bytes]
        broken: bool = True

        def __post_init__(self) -> None:
            super().__init__(self.contents)

        def size(self, uri: str) -> int | None:
            if self.broken:
                raise ConnectionError(uri)
            return super().size(uri)

    flaky, clock = Flaky(bucket()), Clock()
    engine = Engine(flaky, clock=clock, settings=Settings(timing=TIMING))
    job = engine.create_tuning_job(PARENT, REQUEST)
    clock.go(10)
    with pytest.raises(ConnectionError):
        engine.tick()
    flaky.broken = False
    assert engine.get_tuning_job(job.name).state == JobState.JOB_STATE_RUNNING
    clock.go(60)
    assert engine.get_tuning_job(job.name).state == JobState.JOB_STATE_SUCCEEDED


def test_others_are_answered_while_a_dataset_is_read() -> None:
    reading, go_on = threading.Event(), threading.Event()

    class Slow(MemoryObjects):
        def size(self, uri: str) -> int | None:
            reading.set()
            assert go_on.wait(10)
            return super().size(uri)

    clock = Clock()
    engine = Engine(Slow(bucket()), clock=clock, settings=Settings(timing=TIMING))
    job = engine.create_tuning_job(PARENT, REQUEST)
    clock.go(70)
    reader = threading.Thread(target=engine.tick)
    reader.start()
    assert reading.wait(10)
    assert engine.get_tuning_job(job.name).state == JobState.JOB_STATE_RUNNING
    go_on.set()
    reader.join(10)
    assert engine.get_tuning_job(job.name).state == JobState.JOB_STATE_SUCCEEDED


def test_without_advancing_on_calls_only_ticks_take_jobs_on() -> None:
    world = World(Settings(timing=TIMING, advance_on_call=False))
    job = world.create()
    assert world.after(70, job).state == JobState.JOB_STATE_PENDING
    world.engine.tick()
    assert world.after(0, job).state == JobState.JOB_STATE_SUCCEEDED


# Cancelling.


@pytest.mark.parametrize("age", [0, 30])
def test_a_cancelled_job_goes_through_cancelling_to_cancelled(age: int) -> None:
    world = World()
    job = world.after(age, world.create())
    world.engine.cancel_tuning_job(job.name)
    world.engine.cancel_tuning_job(job.name)
    assert world.after(4, job).state == JobState.JOB_STATE_CANCELLING
    cancelled = world.after(100, job)
    assert cancelled.state == JobState.JOB_STATE_CANCELLED
    assert cancelled.end_time == job.create_time + timedelta(seconds=age + 5)
    assert cancelled.error is not None
    assert cancelled.error.code == 1
    assert cancelled.tuned_model is None


def test_a_final_job_cannot_be_cancelled() -> None:
    world = World()
    job = world.finished()
    with pytest.raises(ServiceError) as error:
        world.engine.cancel_tuning_job(job.name)
    assert error.value.code is Code.FAILED_PRECONDITION


# Refusals that come back at once.


def test_a_job_over_quota_is_refused_with_429_in_any_region() -> None:
    world = World()
    first = world.create()
    for parent in (PARENT, "projects/demo/locations/europe-west4"):
        with pytest.raises(ServiceError) as error:
            world.create(parent=parent)
        assert error.value.code is Code.RESOURCE_EXHAUSTED
    assert world.create(parent="projects/other/locations/us-central1").state == JobState.JOB_STATE_PENDING
    world.after(70, first)
    assert world.create().state == JobState.JOB_STATE_PENDING


def test_a_larger_quota_lets_that_many_run() -> None:
    world = World(Settings(timing=TIMING, quota=2))
    world.create()
    world.create()
    with pytest.raises(ServiceError):
        world.create()


def test_the_race_for_the_last_place_has_one_winner() -> None:
    world = World()
    lost: list[ServiceError] = []

    def race() -> None:
        try:
            world.create()
        except ServiceError as error:
            lost.append(error)

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(world.engine.jobs()), len(lost)) == (1, 7)


@pytest.mark.parametrize(
    "uri",
    [
        "gs://sets/train.json",
        "gs://sets/*.jsonl",
        "gs://sets/a.jsonl,gs://sets/b.jsonl",
        "sets/a.jsonl",
        "gs://a.jsonl",
    ],
)
def test_a_dataset_that_is_not_one_jsonl_object_is_refused(uri: str) -> None:
    for request in (replace(REQUEST, training_uri=uri), replace(REQUEST, validation_uri=uri)):
        error = refused(World(), request)
        assert error.code is Code.INVALID_ARGUMENT
        assert "should be a GCS object of type JSONL" in error.message


@pytest.mark.parametrize(("model", "size"), [("gemini-2.5-pro", 16), ("gemini-2.5-flash", 32), ("gemini-3.5-flash", 3)])
def test_an_adapter_size_the_model_has_not_is_refused(model: str, size: int) -> None:
    error = refused(World(), replace(REQUEST, base_model=model, adapter_size=size))
    assert (error.code, error.message) == (
        Code.INVALID_ARGUMENT,
        "The adapter size is not supported for this base model.",
    )


def test_an_unknown_base_model_is_refused() -> None:
    assert refused(World(), replace(REQUEST, base_model="gemini-1.0-pro")).code is Code.INVALID_ARGUMENT


def test_a_base_model_may_be_named_with_its_publisher() -> None:
    job = World().create(replace(REQUEST, base_model="publishers/google/models/gemini-2.5-flash"))
    assert job.base_model == "gemini-2.5-flash"


def test_a_job_needs_one_model_to_start_from() -> None:
    for request in (replace(REQUEST, base_model=""), replace(REQUEST, pre_tuned_model=f"{PARENT}/models/1")):
        assert refused(World(), request).code is Code.INVALID_ARGUMENT


def test_global_is_a_failed_precondition() -> None:
    assert refused(World(), REQUEST, "projects/demo/locations/global").code is Code.FAILED_PRECONDITION


def test_gemini_3_tunes_in_two_regions_only() -> None:
    request = replace(REQUEST, base_model="gemini-3.5-flash")
    assert refused(World(), request, "projects/demo/locations/us-east1").code is Code.FAILED_PRECONDITION
    for region in ("us-central1", "europe-west4"):
        assert World().create(request, f"projects/demo/locations/{region}").base_model == "gemini-3.5-flash"


def test_gemini_2_5_tunes_in_other_regions_too() -> None:
    assert World().create(parent="projects/demo/locations/asia-southeast1").state == JobState.JOB_STATE_PENDING


def test_gemini_3_takes_no_customer_key() -> None:
    key = "projects/demo/locations/us-central1/keyRings/r/cryptoKeys/k"
    assert refused(World(), replace(REQUEST, base_model="gemini-3.5-flash", encryption_key=key)).code.http == 400
    assert World().create(replace(REQUEST, encryption_key=key)).request.encryption_key == key


@pytest.mark.parametrize("labels", [{"Run": "a"}, {"run": "A"}, {"run": "x" * 65}, {"run.id": "a"}, {"": "a"}])
def test_a_label_of_the_wrong_form_is_refused(labels: dict[str, str]) -> None:
    assert "tuning_job.labels" in refused(World(), replace(REQUEST, labels=labels)).message


def test_labels_up_to_the_limits_pass() -> None:
    labels = {f"k{n}-_é": "x" * 64 for n in range(64)}
    assert World().create(replace(REQUEST, labels=labels)).request.labels == labels
    assert "at most 64 labels" in refused(World(), replace(REQUEST, labels=labels | {"one-more": ""})).message


def test_negative_numbers_are_refused() -> None:
    error = refused(World(), replace(REQUEST, epochs=-1, learning_rate_multiplier=-0.5))
    assert [violation.field.rpartition(".")[2] for violation in error.violations] == [
        "epoch_count",
        "learning_rate_multiplier",
    ]


def test_a_parent_that_is_none_is_refused() -> None:
    assert refused(World(), REQUEST, "projects/demo").code is Code.INVALID_ARGUMENT


# Lists.


def test_jobs_are_listed_newest_first_in_pages_that_new_jobs_do_not_shift() -> None:
    world = World(Settings(timing=TIMING, quota=9))
    names = [world.create().name for _ in range(5)]
    first = world.engine.list_tuning_jobs(PARENT, page_size=2)
    world.create()
    second = world.engine.list_tuning_jobs(PARENT, page_size=2, page_token=first.next_token)
    third = world.engine.list_tuning_jobs(PARENT, page_size=2, page_token=second.next_token)
    assert [job.name for page in (first, second, third) for job in page.items] == names[::-1]
    assert third.next_token == ""


def test_jobs_are_filtered_by_label_and_state() -> None:
    world = World(Settings(timing=TIMING, quota=9))
    old = world.finished()
    new = world.create(replace(REQUEST, labels={"run": "r2"}))

    def found(filter_: str) -> list[str]:
        return [job.name for job in world.engine.list_tuning_jobs(PARENT, filter_=filter_).items]

    assert found('labels.run="r2"') == [new.name]
    assert found('state="JOB_STATE_SUCCEEDED"') == [old.name]
    assert found('labels.run="r1" AND state=JOB_STATE_PENDING') == []
    assert found('labels.run!="r1"') == [new.name]
    assert found("") == [new.name, old.name]


def test_jobs_of_other_places_are_not_listed() -> None:
    world = World(Settings(timing=TIMING, quota=9))
    world.create(parent="projects/demo/locations/europe-west4")
    world.create(parent="projects/other/locations/us-central1")
    assert world.engine.list_tuning_jobs(PARENT).items == ()


@pytest.mark.parametrize("arguments", [{"filter_": "run is r1"}, {"page_token": "what?"}, {"page_token": "Z29uZQ=="}])
def test_a_filter_or_token_that_is_none_is_refused(arguments: dict[str, str]) -> None:
    with pytest.raises(ServiceError) as error:
        World().engine.list_tuning_jobs(
            PARENT, filter_=arguments.get("filter_", ""), page_token=arguments.get("page_token", "")
        )
    assert error.value.code is Code.INVALID_ARGUMENT


# Models and endpoints.


def test_each_job_from_the_base_makes_a_model_of_its_own() -> None:
    world = World()
    first, second = world.model(), world.model()
    assert first.name != second.name
    assert (first.version_id, second.version_id) == ("1", "1")
    assert first.version_aliases == ("default",)


def test_tuning_on_adds_a_version_to_the_same_model_and_remembers_both_datasets() -> None:
    world = World()
    first = world.tuned()
    world.contents["gs://audio/new.wav"] = wav(9)
    world.contents[TRAIN] = jsonl([file_row("gs://audio/new.wav", "the new one")])
    onwards = replace(REQUEST, base_model="", pre_tuned_model=first.model)
    second = world.tuned(onwards)
    assert second.model == first.model.replace("@1", "@2")
    assert world.engine.get_model(second.model).version_aliases == ()
    assert world.engine.get_model(first.model.removesuffix("@1")).version_id == "1"
    assert world.ask(second.endpoint, wav(9)) == "the new one"
    assert world.ask(second.endpoint, wav(2)) == "sentence number 2"


def test_tuning_on_under_another_display_name_makes_another_model() -> None:
    world = World()
    first = world.tuned()
    second = world.tuned(replace(REQUEST, base_model="", pre_tuned_model=first.model, display_name="other"))
    assert second.model.endswith("@1")
    assert second.model != first.model


def test_tuning_on_from_a_model_that_is_not_there_is_refused() -> None:
    error = refused(World(), replace(REQUEST, base_model="", pre_tuned_model=f"{PARENT}/models/5@1"))
    assert error.code is Code.NOT_FOUND


def test_tuning_on_takes_a_checkpoint_of_the_model_and_no_other() -> None:
    world = World()
    first = world.tuned()
    onwards = replace(REQUEST, base_model="", pre_tuned_model=first.model, pre_tuned_checkpoint="1")
    assert world.tuned(onwards).model.endswith("@2")
    with pytest.raises(ServiceError, match="no checkpoint 3"):
        world.create(replace(onwards, pre_tuned_checkpoint="3"))


def test_an_alias_moves_between_versions_of_one_model() -> None:
    world = World()
    first = world.tuned()
    second = world.tuned(replace(REQUEST, base_model="", pre_tuned_model=first.model))
    world.engine.merge_version_aliases(first.model, ["champion"])
    merged = world.engine.merge_version_aliases(second.model, ["champion", "blue"])
    assert merged.version_aliases == ("blue", "champion")
    assert world.engine.get_model(f"{merged.name}@champion").version_id == "2"
    assert world.engine.get_model(first.model).version_aliases == ("default",)
    assert world.engine.merge_version_aliases(second.model, ["-blue"]).version_aliases == ("champion",)


@pytest.mark.parametrize("alias", ["Champion", "1st", "a" * 129, "-default", ""])
def test_an_alias_of_the_wrong_form_is_refused(alias: str) -> None:
    world = World()
    with pytest.raises(ServiceError) as error:
        world.engine.merge_version_aliases(world.tuned().model, [alias])
    assert error.value.code is Code.INVALID_ARGUMENT


def test_labels_of_a_model_can_be_changed() -> None:
    world = World()
    model = world.model()
    changed = world.engine.update_model(model.name, ModelChanges(labels={"stage": "live"}))
    assert changed == world.engine.get_model(model.versioned_name)
    assert (changed.labels, changed.display_name) == ({"stage": "live"}, "demo")


def test_an_endpoint_answers_404_once_undeployed_and_is_gone_once_deleted() -> None:
    world = World()
    endpoint = world.endpoint()
    with pytest.raises(ServiceError) as early:
        world.engine.delete_endpoint(endpoint.name)
    assert early.value.code is Code.FAILED_PRECONDITION
    world.engine.undeploy_model(endpoint.name, endpoint.deployed_models[0].id)
    assert world.engine.get_endpoint(endpoint.name).deployed_models == ()
    with pytest.raises(ServiceError) as silent:
        world.ask(endpoint.name, wav(1))
    assert silent.value.code is Code.NOT_FOUND
    world.engine.delete_endpoint(endpoint.name)
    with pytest.raises(ServiceError) as gone:
        world.engine.get_endpoint(endpoint.name)
    assert gone.value.code is Code.NOT_FOUND


def test_an_endpoint_can_vanish_under_its_users() -> None:
    world = World()
    name = world.endpoint().name
    world.engine.vanish(name)
    with pytest.raises(ServiceError) as gone:
        world.ask(name, wav(1))
    assert gone.value.code is Code.NOT_FOUND


def test_endpoints_are_listed_newest_first_and_filtered_by_label() -> None:
    world = World()
    request = replace(REQUEST, last_checkpoint_only=True)
    old, new = world.endpoint(request), world.endpoint(replace(request, labels={"run": "r2"}))
    assert world.engine.list_endpoints(PARENT).items == (new, old)
    assert world.engine.list_endpoints(PARENT, filter_='labels.run="r1"').items == (old,)


# Answers.


def test_a_tuned_endpoint_knows_its_training_recordings_by_heart() -> None:
    world = World()
    world.contents["gs://audio/loud.wav"] = wav(2, loudness=500)
    world.contents[TRAIN] += jsonl([file_row("gs://audio/loud.wav", "as long as the second")])
    endpoint = world.tuned().endpoint
    assert world.ask(endpoint, wav(2)) == "sentence number 2"
    assert world.ask(endpoint, wav(2, loudness=500)) == "as long as the second"


def test_a_tuned_endpoint_answers_an_unknown_recording_with_the_one_nearest_in_length() -> None:
    world = World()
    assert world.ask(world.tuned().endpoint, wav(2.9)) == "sentence number 3"


def test_a_base_model_says_nothing_and_always_the_same() -> None:
    world = World()
    model = f"{PARENT}/publishers/google/models/gemini-2.5-flash"
    answer = world.ask(model, wav(1))
    assert answer == world.ask("publishers/google/models/gemini-2.5-flash", wav(1))
    assert "sentence number" not in answer


def test_an_answer_counts_its_tokens() -> None:
    world = World()
    answer = world.engine.generate_content(world.tuned().endpoint, asked(FileData("audio/wav", "gs://audio/4.wav")))
    assert (answer.prompt_tokens, answer.answer_tokens) == (128 + 8, 5)
    assert answer.model_version == "gemini-2.5-flash"


def test_an_unknown_base_model_answers_404() -> None:
    with pytest.raises(ServiceError) as error:
        World().ask("publishers/google/models/gemini-0", wav(1))
    assert error.value.code is Code.NOT_FOUND


@pytest.mark.parametrize(
    "part",
    [
        FileData("audio/wav", "gs://audio/gone.wav"),
        FileData("text/plain", "gs://audio/1.wav"),
        InlineData("audio/wav", "?"),
        InlineData("audio/wav", "A" * 20_000_001),
    ],
)
def test_a_question_that_cannot_be_heard_answers_400(part: FileData | InlineData) -> None:
    world = World()
    endpoint = world.tuned().endpoint
    with pytest.raises(ServiceError) as error:
        world.engine.generate_content(endpoint, asked(part))
    assert error.value.code is Code.INVALID_ARGUMENT


# Misbehaviour.


def test_a_creation_can_be_refused_with_a_message() -> None:
    world = World()
    world.engine.misbehave(Mischief(Kind.REFUSE_CREATE, message="The model is retired."))
    assert refused(world, REQUEST).message == "The model is retired."
    assert world.create().state == JobState.JOB_STATE_PENDING


def test_an_answer_can_be_lost_after_the_job_was_made() -> None:
    world = World()
    world.misbehave(Kind.LOSE_ANSWER)
    with pytest.raises(AnswerLostError) as lost:
        world.create()
    assert world.after(70, world.engine.get_tuning_job(lost.value.job_name)).state == JobState.JOB_STATE_SUCCEEDED


def test_a_job_can_fail_with_any_status() -> None:
    world = World()
    world.engine.misbehave(Mischief(Kind.FAIL, message="Out of luck.", code=8))
    failed = world.finished()
    assert failed.state == JobState.JOB_STATE_FAILED
    assert failed.error is not None
    assert (failed.error.code, failed.error.message) == (8, "Out of luck.")
    assert failed.tuned_model is None


def test_a_job_can_fail_with_a_model_and_no_endpoint() -> None:
    world = World()
    world.misbehave(Kind.NO_ENDPOINT)
    failed = world.finished()
    assert failed.state == JobState.JOB_STATE_FAILED
    assert failed.error is not None
    assert failed.error.code == 13
    assert failed.error.message.startswith("Failed to create endpoint. Tuned model is uploaded")
    assert failed.tuned_model is not None
    assert (failed.tuned_model.endpoint, failed.tuned_model.checkpoints) == ("", ())
    assert world.engine.get_model(failed.tuned_model.model).version_id == "1"
    assert world.engine.list_endpoints(PARENT).items == ()


@pytest.mark.parametrize("drops", [Mischief(Kind.DROP_ROWS, rows=2), Mischief(Kind.DROP_ROWS, indices=(1, 2))])
def test_a_job_can_succeed_without_some_rows(drops: Mischief) -> None:
    world = World()
    world.engine.misbehave(replace(drops, reason="was not liked"))
    job = world.finished()
    assert job.state == JobState.JOB_STATE_SUCCEEDED
    assert job.stats is not None
    assert (job.stats.examples, job.stats.dropped, job.stats.dropped_indices) == (4, 2, (1, 2))
    assert job.stats.dropped_reasons[0] == "Dataset example 1 was not liked."
    assert job.tuned_model is not None
    assert world.ask(job.tuned_model.endpoint, wav(1)) == "sentence number 3"


def test_a_job_can_run_for_hours_until_released() -> None:
    world = World()
    world.misbehave(Kind.HOLD)
    job = world.create()
    assert world.after(7200, job).state == JobState.JOB_STATE_RUNNING
    world.engine.release(job.name)
    done = world.after(0, job)
    assert (done.state, done.end_time) == (JobState.JOB_STATE_SUCCEEDED, world.clock.now)


def test_a_job_can_pause_until_released() -> None:
    world = World()
    world.misbehave(Kind.PAUSE)
    job = world.create()
    assert world.after(30, job).state == JobState.JOB_STATE_PAUSED
    world.engine.release()
    assert world.after(10, job).state == JobState.JOB_STATE_RUNNING
    assert world.after(30, job).state == JobState.JOB_STATE_SUCCEEDED


def test_a_held_job_can_be_cancelled() -> None:
    world = World()
    world.misbehave(Kind.HOLD)
    job = world.after(100, world.create())
    world.engine.cancel_tuning_job(job.name)
    assert world.after(5, job).state == JobState.JOB_STATE_CANCELLED


def test_a_job_can_expire_with_nothing_made() -> None:
    world = World()
    world.misbehave(Kind.EXPIRE)
    job = world.finished()
    assert (job.state, job.tuned_model, job.error) == (JobState.JOB_STATE_EXPIRED, None, None)
    assert job.end_time is not None


def test_a_job_can_succeed_in_part() -> None:
    world = World()
    world.misbehave(Kind.PARTLY)
    job = world.finished()
    assert job.state == JobState.JOB_STATE_PARTIALLY_SUCCEEDED
    assert job.tuned_model is not None


def test_a_job_can_show_a_state_that_no_one_knows() -> None:
    world = World()
    world.engine.misbehave(Mischief(Kind.UNKNOWN_STATE, state=77))
    job = world.create()
    assert world.after(10, job).state == 77
    assert not world.after(0, job).is_final
    assert world.after(60, job).state == JobState.JOB_STATE_SUCCEEDED


def test_calls_can_be_unavailable_a_number_of_times() -> None:
    world = World()
    job = world.create()
    world.engine.misbehave(Mischief(Kind.UNAVAILABLE, times=2, methods=frozenset({Method.GET_TUNING_JOB})))
    for _ in range(2):
        with pytest.raises(ServiceError) as error:
            world.engine.get_tuning_job(job.name)
        assert error.value.code is Code.UNAVAILABLE
        assert world.engine.list_tuning_jobs(PARENT).items == (job,)
    assert world.engine.get_tuning_job(job.name) == job


def test_an_unavailable_creation_makes_no_job() -> None:
    world = World()
    world.misbehave(Kind.UNAVAILABLE)
    assert refused(world, REQUEST).code is Code.UNAVAILABLE


def test_misbehaviours_of_different_kinds_meet_in_one_job_and_those_of_one_kind_take_turns() -> None:
    world = World(Settings(timing=TIMING, quota=9))
    world.engine.misbehave(Mischief(Kind.EXPIRE, times=2))
    world.misbehave(Kind.UNKNOWN_STATE)
    for _ in range(3):
        world.create()
    assert [set(record.mischief) for record in world.engine.jobs()] == [
        {Kind.EXPIRE, Kind.UNKNOWN_STATE},
        {Kind.EXPIRE},
        set(),
    ]


def test_a_refused_creation_uses_up_no_misbehaviour_of_jobs() -> None:
    world = World()
    world.misbehave(Kind.EXPIRE)
    refused(world, replace(REQUEST, adapter_size=3))
    assert world.finished().state == JobState.JOB_STATE_EXPIRED


# Looking on.


def test_calls_are_counted_refused_ones_too() -> None:
    world = World()
    world.create()
    with pytest.raises(ServiceError):
        world.create()
    assert world.engine.calls() == {Method.CREATE_TUNING_JOB: 2}


def test_a_reset_forgets_everything() -> None:
    world = World()
    job = world.finished()
    world.misbehave(Kind.EXPIRE)
    world.engine.reset()
    assert (world.engine.jobs(), world.engine.calls()) == ((), {})
    with pytest.raises(ServiceError):
        world.engine.get_tuning_job(job.name)
    assert world.finished().state == JobState.JOB_STATE_SUCCEEDED


def test_a_project_has_one_number_and_a_number_is_its_own() -> None:
    assert project_number("demo") == project_number("demo") != project_number("other")
    assert len(project_number("demo")) == 12
    assert place_of("projects/123456789012/locations/eu").project == "123456789012"


def test_five_states_are_final() -> None:
    assert len(FINAL_STATES) == 5
