"""Google's own clients against the stand-in, over HTTP on the loopback."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import requests
from google import genai
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import aiplatform_v1 as vertex
from google.cloud.aiplatform_v1.services.endpoint_service.transports.rest import EndpointServiceRestTransport
from google.cloud.aiplatform_v1.services.gen_ai_tuning_service.transports.rest import GenAiTuningServiceRestTransport
from google.cloud.aiplatform_v1.services.model_service.transports.rest import ModelServiceRestTransport
from google.cloud.aiplatform_v1.services.prediction_service.transports.rest import PredictionServiceRestTransport
from google.oauth2.credentials import Credentials
from google.protobuf import field_mask_pb2

from attune_local.vertex.engine import Engine, Settings
from attune_local.vertex.jobs import Timing
from attune_local.vertex.mischief import Kind, Method, Mischief
from attune_local.vertex.names import project_number
from attune_local.vertex.objects import MemoryObjects
from attune_local.vertex.server import serving
from vertex_samples import PARENT, PROMPT, TRAIN, VALIDATION, Clock, bucket, inline_row, jsonl, wav

RUN_SECONDS = 70


@dataclass
class Stack:
    """A served engine with its clock and bucket, and Google's clients of it."""

    engine: Engine
    clock: Clock
    contents: dict[str, bytes]
    address: str
    tuning: vertex.GenAiTuningServiceClient = field(init=False)
    endpoints: vertex.EndpointServiceClient = field(init=False)
    models: vertex.ModelServiceClient = field(init=False)
    prediction: vertex.PredictionServiceClient = field(init=False)

    def __post_init__(self) -> None:
        reach = _reach(self.address)
        self.tuning = vertex.GenAiTuningServiceClient(transport=GenAiTuningServiceRestTransport(**reach))
        self.endpoints = vertex.EndpointServiceClient(transport=EndpointServiceRestTransport(**reach))
        self.models = vertex.ModelServiceClient(transport=ModelServiceRestTransport(**reach))
        self.prediction = vertex.PredictionServiceClient(transport=PredictionServiceRestTransport(**reach))

    def genai(self) -> genai.Client:
        return genai.Client(
            vertexai=True,
            project="demo",
            location="us-central1",
            credentials=_some_token(),
            http_options={"base_url": self.address},
        )

    def create(self, **labels: str) -> vertex.TuningJob:
        return self.tuning.create_tuning_job(parent=PARENT, tuning_job=wanted(labels), timeout=10)

    def get(self, job: vertex.TuningJob) -> vertex.TuningJob:
        return self.tuning.get_tuning_job(name=job.name, timeout=10, retry=None)

    def finished(self, **labels: str) -> vertex.TuningJob:
        job = self.create(**labels)
        self.clock.go(RUN_SECONDS)
        return self.get(job)

    def ask(self, model: str, content: bytes) -> vertex.GenerateContentResponse:
        audio = vertex.Part(inline_data=vertex.Blob(mime_type="audio/wav", data=content))
        asked = vertex.Content(role="user", parts=[vertex.Part(text=PROMPT), audio])
        return self.prediction.generate_content(model=model, contents=[asked], timeout=10, retry=None)

    def control(self, path: str, body: Any = None) -> requests.Response:
        return requests.post(f"{self.address}/_control/{path}", json=body or {}, timeout=10)

    def look(self, path: str) -> dict[str, object]:
        answer: dict[str, object] = requests.get(f"{self.address}/_control/{path}", timeout=10).json()
        return answer


def _some_token() -> Credentials:
    """google-genai asks its credentials for a token, which anonymous ones refuse."""
    return Credentials(token="local")  # type: ignore[no-untyped-call] # noqa: S106 # no secret, and untyped


def _reach(address: str) -> dict[str, Any]:
    nobody = AnonymousCredentials()  # type: ignore[no-untyped-call] # the library leaves it untyped
    return {"host": address.removeprefix("http://"), "url_scheme": "http", "credentials": nobody}


def wanted(labels: dict[str, str], training: str = TRAIN) -> vertex.TuningJob:
    spec = vertex.SupervisedTuningSpec(
        training_dataset_uri=training,
        hyper_parameters=vertex.SupervisedHyperParameters(
            epoch_count=2,
            learning_rate_multiplier=0.5,
            adapter_size=vertex.SupervisedHyperParameters.AdapterSize.ADAPTER_SIZE_EIGHT,
        ),
    )
    return vertex.TuningJob(
        base_model="gemini-2.5-flash",
        supervised_tuning_spec=spec,
        tuned_model_display_name="demo",
        labels=labels,
    )


@pytest.fixture
def stack() -> Iterator[Stack]:
    clock, contents = Clock(), bucket()
    timing = Timing(timedelta(seconds=10), timedelta(seconds=60))
    engine = Engine(MemoryObjects(contents), clock=clock, settings=Settings(quota=3, timing=timing))
    with serving(engine) as address:
        yield Stack(engine, clock, contents, address)


# The generated clients, over REST.


def test_a_job_is_created_and_followed_to_its_model_and_endpoint(stack: Stack) -> None:
    job = stack.create(run="r1")
    assert job.name.startswith(f"projects/{project_number('demo')}/locations/us-central1/tuningJobs/")
    assert job.state == vertex.JobState.JOB_STATE_PENDING
    stack.clock.go(10)
    assert stack.get(job).state == vertex.JobState.JOB_STATE_RUNNING
    stack.clock.go(60)
    done = stack.get(job)
    assert done.state == vertex.JobState.JOB_STATE_SUCCEEDED
    assert done.tuned_model.model.endswith("@1")
    assert [(c.checkpoint_id, c.epoch, c.step) for c in done.tuned_model.checkpoints] == [("1", 1, 1), ("2", 2, 2)]
    stats = done.tuning_data_stats.supervised_tuning_data_stats
    assert (stats.tuning_dataset_example_count, stats.tuning_step_count) == (4, 2)
    assert stats.total_billable_token_count == stats.user_input_token_distribution.sum + 4 * 5
    assert (done.create_time, done.end_time - done.create_time) == (job.create_time, timedelta(seconds=70))


def test_a_job_comes_back_as_it_was_asked_for(stack: Stack) -> None:
    asked = wanted({"run": "r1"})
    job = stack.tuning.create_tuning_job(parent=PARENT, tuning_job=asked)
    assert job.supervised_tuning_spec == asked.supervised_tuning_spec
    assert (job.base_model, dict(job.labels), job.tuned_model_display_name) == (
        "gemini-2.5-flash",
        {"run": "r1"},
        "demo",
    )


def test_jobs_are_listed_through_the_pager_and_the_filter(stack: Stack) -> None:
    names = [stack.create(run=f"r{n}").name for n in range(3)]
    paged = vertex.ListTuningJobsRequest(parent=PARENT, page_size=1)
    assert [job.name for job in stack.tuning.list_tuning_jobs(paged)] == names[::-1]
    one = vertex.ListTuningJobsRequest(parent=PARENT, filter='labels.run="r1"')
    assert [job.name for job in stack.tuning.list_tuning_jobs(one)] == [names[1]]


def test_a_job_is_cancelled(stack: Stack) -> None:
    job = stack.create()
    stack.tuning.cancel_tuning_job(name=job.name)
    assert stack.get(job).state == vertex.JobState.JOB_STATE_CANCELLING
    stack.clock.go(1)
    assert (stack.get(job).state, stack.get(job).error.code) == (vertex.JobState.JOB_STATE_CANCELLED, 1)


def test_refusals_reach_the_client_as_its_own_exceptions(stack: Stack) -> None:
    with pytest.raises(exceptions.BadRequest, match="should be a GCS object of type JSONL") as invalid:
        stack.tuning.create_tuning_job(parent=PARENT, tuning_job=wanted({}, "gs://sets/train.csv"))
    assert "training_dataset_uri" in str(invalid.value.details)
    with pytest.raises(exceptions.BadRequest, match="global region"):
        stack.tuning.create_tuning_job(parent="projects/demo/locations/global", tuning_job=wanted({}))
    with pytest.raises(exceptions.NotFound):
        stack.tuning.get_tuning_job(name=f"{PARENT}/tuningJobs/1")
    for _ in range(3):
        stack.create()
    with pytest.raises(exceptions.TooManyRequests, match="global_concurrent_tuning_jobs"):
        stack.create()


def test_a_refused_dataset_reaches_the_client_as_the_jobs_error(stack: Stack) -> None:
    stack.contents[TRAIN] += b"{\n"
    failed = stack.finished()
    assert (failed.state, failed.error.code) == (vertex.JobState.JOB_STATE_FAILED, 3)
    assert "example 5 of 5 is not valid JSON" in failed.error.message


def test_dropped_rows_reach_the_client_by_index_and_reason(stack: Stack) -> None:
    del stack.contents["gs://audio/2.wav"]
    stats = stack.finished().tuning_data_stats.supervised_tuning_data_stats
    assert (stats.total_truncated_example_count, list(stats.truncated_example_indices)) == (1, [2])
    assert "gs://audio/2.wav" in stats.dropped_example_reasons[0]


def test_an_endpoint_is_read_listed_undeployed_and_deleted(stack: Stack) -> None:
    name = stack.finished(run="r1").tuned_model.endpoint
    endpoint = stack.endpoints.get_endpoint(name=name)
    assert (endpoint.name, dict(endpoint.labels)) == (name, {"run": "r1"})
    listed = vertex.ListEndpointsRequest(parent=PARENT, page_size=1)
    assert next(iter(stack.endpoints.list_endpoints(listed))).name == name
    undeployed = stack.endpoints.undeploy_model(endpoint=name, deployed_model_id=endpoint.deployed_models[0].id)
    undeployed.result(timeout=10)  # type: ignore[no-untyped-call] # the library leaves it untyped
    assert not stack.endpoints.get_endpoint(name=name).deployed_models
    deleted = stack.endpoints.delete_endpoint(name=name)
    deleted.result(timeout=10)  # type: ignore[no-untyped-call] # the library leaves it untyped
    with pytest.raises(exceptions.NotFound):
        stack.endpoints.get_endpoint(name=name)


def test_a_model_is_read_labelled_and_aliased(stack: Stack) -> None:
    name = stack.finished().tuned_model.model
    changed = vertex.Model(name=name, labels={"stage": "live"})
    stack.models.update_model(model=changed, update_mask=field_mask_pb2.FieldMask(paths=["labels"]))
    stack.models.merge_version_aliases(name=name, version_aliases=["champion"])
    model = stack.models.get_model(name=name.replace("@1", "@champion"))
    assert (model.name, model.version_id, dict(model.labels)) == (name.removesuffix("@1"), "1", {"stage": "live"})
    assert list(model.version_aliases) == ["champion", "default"]


def test_a_tuned_endpoint_and_a_base_model_answer(stack: Stack) -> None:
    endpoint = stack.finished().tuned_model.endpoint
    answer = stack.ask(endpoint, wav(3))
    assert answer.candidates[0].content.parts[0].text == "sentence number 3"
    assert answer.candidates[0].finish_reason == vertex.Candidate.FinishReason.STOP
    assert answer.usage_metadata.prompt_token_count == 96 + 8
    assert answer.model_version == "gemini-2.5-flash"
    base = stack.ask(f"{PARENT}/publishers/google/models/gemini-2.5-flash", wav(3))
    assert "sentence number" not in base.candidates[0].content.parts[0].text


def test_a_question_without_contents_is_refused(stack: Stack) -> None:
    endpoint = stack.finished().tuned_model.endpoint
    with pytest.raises(exceptions.BadRequest, match='"contents" field'):
        stack.prediction.generate_content(model=endpoint, contents=[])


def test_a_job_goes_on_from_a_tuned_model(stack: Stack) -> None:
    first = stack.finished().tuned_model.model
    onwards = vertex.TuningJob(
        pre_tuned_model=vertex.PreTunedModel(tuned_model_name=first, checkpoint_id="2"),
        supervised_tuning_spec=vertex.SupervisedTuningSpec(training_dataset_uri=TRAIN),
    )
    job = stack.tuning.create_tuning_job(parent=PARENT, tuning_job=onwards)
    assert (job.base_model, job.pre_tuned_model.base_model) == ("", "gemini-2.5-flash")
    stack.clock.go(RUN_SECONDS)
    assert stack.get(job).tuned_model.model == first.replace("@1", "@2")


# google-genai, which speaks v1beta1.


def test_genai_tunes_gets_and_lists(stack: Stack) -> None:
    with stack.genai() as client:
        with pytest.warns(Warning, match="experimental"):
            job = client.tunings.tune(
                base_model="gemini-2.5-flash",
                training_dataset={"gcs_uri": TRAIN},
                config={"epoch_count": 1, "adapter_size": "ADAPTER_SIZE_FOUR", "tuned_model_display_name": "demo"},
            )
        assert job.name is not None
        stack.clock.go(RUN_SECONDS)
        done = client.tunings.get(name=job.name)
        assert done.state == genai.types.JobState.JOB_STATE_SUCCEEDED
        assert done.tuned_model is not None
        assert [listed.name for listed in client.tunings.list()] == [job.name]


def test_genai_asks_the_tuned_endpoint_and_the_base_model(stack: Stack) -> None:
    endpoint = stack.finished().tuned_model.endpoint
    audio = genai.types.Part.from_uri(file_uri="gs://audio/2.wav", mime_type="audio/wav")
    with stack.genai() as client:
        tuned = client.models.generate_content(model=endpoint, contents=[audio, PROMPT])
        base = client.models.generate_content(model="gemini-2.5-flash", contents=[audio, PROMPT])
    assert tuned.text == "sentence number 2"
    assert base.text
    assert "sentence number" not in base.text


def test_genai_sees_an_unknown_state_by_an_unknown_name(stack: Stack) -> None:
    stack.engine.misbehave(Mischief(Kind.UNKNOWN_STATE))
    job = stack.create()
    stack.clock.go(10)
    with stack.genai() as client, pytest.warns(UserWarning, match="JOB_STATE_UNKNOWN_99"):
        shown = client.tunings.get(name=job.name)
    assert shown.state is not None
    assert shown.state.value == "JOB_STATE_UNKNOWN_99"


# Misbehaviour over HTTP.


def test_a_lost_answer_breaks_the_connection_and_leaves_one_job(stack: Stack) -> None:
    stack.control("mischief", {"kind": "lose_answer"}).raise_for_status()
    with pytest.raises(requests.ConnectionError):
        stack.create(run="r1")
    one = vertex.ListTuningJobsRequest(parent=PARENT, filter='labels.run="r1"')
    assert len(list(stack.tuning.list_tuning_jobs(one))) == 1
    assert stack.look("jobs")["createCalls"] == 1


def test_503_reaches_the_client_and_passes(stack: Stack) -> None:
    job = stack.create()
    stack.control("mischief", {"kind": "unavailable", "methods": ["getTuningJob"]}).raise_for_status()
    with pytest.raises(exceptions.ServiceUnavailable):
        stack.get(job)
    assert stack.get(job).name == job.name
    assert stack.look("calls") == {"createTuningJob": 1, "getTuningJob": 2}


def test_an_unknown_state_reaches_the_generated_client_as_a_number(stack: Stack) -> None:
    stack.control("mischief", {"kind": "unknown_state", "state": 77}).raise_for_status()
    job = stack.create()
    stack.clock.go(10)
    with pytest.warns(UserWarning, match="Unrecognized JobState"):
        assert int(stack.get(job).state) == 77


def test_a_held_job_is_released_over_http(stack: Stack) -> None:
    stack.control("mischief", {"kind": "hold"}).raise_for_status()
    held = stack.finished()
    assert held.state == vertex.JobState.JOB_STATE_RUNNING
    stack.control("release", {"job": held.name}).raise_for_status()
    assert stack.get(held).state == vertex.JobState.JOB_STATE_SUCCEEDED


def test_an_endpoint_vanishes_over_http(stack: Stack) -> None:
    endpoint = stack.finished().tuned_model.endpoint
    stack.control("vanish", {"endpoint": endpoint}).raise_for_status()
    with pytest.raises(exceptions.NotFound):
        stack.ask(endpoint, wav(1))


def test_jobs_are_dumped_with_every_dropped_row(stack: Stack) -> None:
    stack.control("mischief", {"kind": "drop_rows", "indices": [2, 3], "reason": "was not liked"}).raise_for_status()
    stack.finished()
    dump = requests.get(f"{stack.address}/_control/jobs", timeout=10).json()
    record = dump["jobs"][0]
    assert (record["rows"], [row["index"] for row in record["dropped"]]) == (4, [2, 3])
    assert record["job"]["state"] == "JOB_STATE_SUCCEEDED"
    stack.control("reset").raise_for_status()
    assert stack.look("jobs") == {"createCalls": 0, "jobs": []}


@pytest.mark.parametrize(
    "body", [{}, {"kind": "be_nice"}, {"kind": "hold", "colour": "red"}, {"kind": "hold", "times": "x"}]
)
def test_mischief_that_is_none_is_refused(stack: Stack, body: Any) -> None:
    assert stack.control("mischief", body).status_code == 400


# What only raw requests can do.


def test_requests_are_taken_in_snake_case_with_enums_by_number_or_name(stack: Stack) -> None:
    for size in (6, "ADAPTER_SIZE_TWO"):
        body: Any = {
            "base_model": "gemini-2.5-flash",
            "supervised_tuning_spec": {
                "training_dataset_uri": TRAIN,
                "validation_dataset_uri": VALIDATION,
                "hyper_parameters": {"epoch_count": "3", "adapter_size": size},
                "export_last_checkpoint_only": True,
            },
            "encryption_spec": {"kms_key_name": "k"},
            "service_account": "tuner@demo.iam.gserviceaccount.com",
        }
        answer = requests.post(f"{stack.address}/v1beta1/{PARENT}/tuningJobs", json=body, timeout=10).json()
        assert answer["supervisedTuningSpec"] == {
            "trainingDatasetUri": TRAIN,
            "validationDatasetUri": VALIDATION,
            "hyperParameters": {"epochCount": "3", "adapterSize": "ADAPTER_SIZE_TWO"},
            "exportLastCheckpointOnly": True,
        }
        assert answer["serviceAccount"] == "tuner@demo.iam.gserviceaccount.com"


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"baseModel": 5},
        {"baseModle": "gemini-2.5-flash"},
        {"supervisedTuningSpec": "x"},
        {"supervisedTuningSpec": {"hyperParameters": {"adapterSize": "SEVEN"}}},
        {"supervisedTuningSpec": {"hyperParameters": {"epochCount": "many"}}},
        {"labels": {"run": 1}},
    ],
)
def test_a_body_of_the_wrong_form_is_a_400_in_googles_words(stack: Stack, body: Any) -> None:
    answer = requests.post(f"{stack.address}/v1/{PARENT}/tuningJobs", json=body, timeout=10)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["status"]) == (400, 400, "INVALID_ARGUMENT")
    assert stack.engine.calls().get(Method.CREATE_TUNING_JOB, 0) == 0


def test_a_body_that_is_not_json_is_a_400(stack: Stack) -> None:
    assert requests.post(f"{stack.address}/v1/{PARENT}/tuningJobs", data="{", timeout=10).status_code == 400


def test_an_evaluation_is_refused_as_not_implemented(stack: Stack) -> None:
    body: Any = {"supervisedTuningSpec": {"evaluationConfig": {}}}
    assert requests.post(f"{stack.address}/v1/{PARENT}/tuningJobs", json=body, timeout=10).status_code == 501


@pytest.mark.parametrize("mask", ["", "artifactUri"])
def test_a_model_changes_only_by_a_mask_that_can_be_changed(stack: Stack, mask: str) -> None:
    name = stack.finished().tuned_model.model
    assert requests.patch(f"{stack.address}/v1/{name}?updateMask={mask}", json={}, timeout=10).status_code == 400


def test_a_path_that_is_none_is_a_404_in_json(stack: Stack) -> None:
    answer = requests.get(f"{stack.address}/v1/nowhere", timeout=10)
    assert (answer.status_code, answer.json()["error"]["status"]) == (404, "NOT FOUND")


def test_endpoints_and_publisher_models_answer_without_a_place(stack: Stack) -> None:
    endpoint = stack.finished().tuned_model.endpoint
    ask: Any = {"contents": inline_row(wav(1))["contents"]}
    for path in (endpoint[endpoint.index("endpoints/") :], "publishers/google/models/gemini-2.5-flash"):
        answer = requests.post(f"{stack.address}/v1/{path}:generateContent", json=ask, timeout=10).json()
        assert answer["candidates"][0]["finishReason"] == "STOP"


def test_inline_rows_train_too(stack: Stack) -> None:
    stack.contents[TRAIN] = jsonl([inline_row(wav(1), "inside")])
    answer = stack.ask(stack.finished().tuned_model.endpoint, wav(1))
    assert answer.candidates[0].content.parts[0].text == "inside"
