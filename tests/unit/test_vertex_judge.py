import json
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from attune_local.vertex.judge import DatasetRefusedError, Judge, Judgement
from attune_local.vertex.limits import CATALOGUE, ModelLimits
from attune_local.vertex.objects import MemoryObjects
from vertex_samples import (
    PROMPT,
    TRAIN,
    VALIDATION,
    Row,
    bucket,
    by_ffmpeg,
    by_soundfile,
    file_row,
    inline_row,
    jsonl,
    turns,
    wav,
)

INLINE = {"inlineData": {"mimeType": "audio/wav", "data": ""}}
FLASH = CATALOGUE["gemini-2.5-flash"]


class Nothing:
    """A bucket whose objects have sizes and no content."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._sizes = sizes

    def size(self, uri: str) -> int | None:
        return self._sizes.get(uri)

    def read(self, uri: str) -> bytes | None:
        raise AssertionError(f"{uri} was read")

    def lines(self, uri: str) -> Iterator[bytes]:
        raise AssertionError(f"{uri} was read")


def judged(rows: list[Row], contents: dict[str, bytes], limits: ModelLimits = FLASH) -> Judgement:
    return Judge(MemoryObjects(contents | {TRAIN: jsonl(rows)}), limits).datasets(TRAIN)


def refusal(contents: dict[str, bytes], validation: str = "", limits: ModelLimits = FLASH) -> str:
    with pytest.raises(DatasetRefusedError) as refused:
        Judge(MemoryObjects(contents), limits).datasets(TRAIN, validation)
    return str(refused.value)


def reasons(row: Row, contents: dict[str, bytes] | None = None, limits: ModelLimits = FLASH) -> str:
    judgement = judged([inline_row(wav(1)), row], contents or {}, limits)
    assert [dropped.index for dropped in judgement.dropped] == [2]
    return judgement.dropped[0].reason


def fault(row: object) -> str:
    return refusal({TRAIN: jsonl([inline_row(wav(1)), row, inline_row(wav(1))])})


def test_a_documented_row_counts_32_tokens_a_second_and_a_token_per_four_characters() -> None:
    judgement = judged([file_row("gs://a/1.wav", "abcdefgh")], {"gs://a/1.wav": wav(10)})
    row = judgement.kept[0]
    assert (row.input_tokens, row.output_tokens) == (320 + 8, 2)
    assert judgement.billable_tokens == 330
    assert row.transcript == "abcdefgh"
    assert row.characters == len(PROMPT) + 8


def test_the_recipe_row_is_taken_in_snake_case_and_in_camel_case() -> None:
    camel = turns([{"inlineData": {"mimeType": "audio/wav", "data": _data(wav(2))}}], "hi")
    judgement = judged([inline_row(wav(1)), camel], {})
    assert [row.recording.seconds for row in judgement.kept] == [1, 2]


def test_a_service_that_takes_no_inline_audio_fails_the_job() -> None:
    with pytest.raises(DatasetRefusedError, match=r"example 1 of 1 contains an unsupported modality \[inlineData\]"):
        Judge(MemoryObjects({TRAIN: jsonl([inline_row(wav(1))])}), FLASH, accept_inline=False).datasets(TRAIN)


@pytest.mark.parametrize(
    ("mime_type", "record"),
    [
        ("audio/wav", wav),
        ("audio/flac", lambda s: by_soundfile("FLAC", s)),
        ("audio/mp3", lambda s: by_soundfile("MP3", s)),
        ("audio/mpeg", lambda s: by_soundfile("MP3", s)),
        ("audio/ogg", lambda s: by_soundfile("OGG", s)),
        ("audio/aac", lambda s: by_ffmpeg("adts", "aac", s)),
        ("audio/m4a", lambda s: by_ffmpeg("mp4", "aac", s)),
        ("audio/mp4", lambda s: by_ffmpeg("mp4", "aac", s)),
        ("audio/webm", lambda s: by_ffmpeg("webm", "libopus", s)),
        ("audio/pcm", lambda s: bytes(round(s * 32_000))),
    ],
)
def test_a_recording_is_measured_in_every_type_taken(mime_type: str, record: Callable[[float], bytes]) -> None:
    judgement = judged([inline_row(record(3), mime_type=mime_type)], {})
    assert judgement.kept[0].recording.seconds == pytest.approx(3, abs=0.1)


def test_system_instruction_and_further_turns_count_as_input_and_output() -> None:
    row = inline_row(wav(1), "abcd") | {"systemInstruction": {"parts": [{"text": "x" * 40}]}}
    contents = row["contents"]
    assert isinstance(contents, list)
    row["contents"] = [*contents, {"role": "user", "parts": [{"text": "more"}]}, _said("efgh")]
    kept = judged([row], {}).kept[0]
    assert kept.input_tokens == 32 + (40 + len(PROMPT) + 4 + 3) // 4
    assert (kept.output_tokens, kept.messages, kept.transcript) == (2, 4, "efgh")


# A row that cannot be used is dropped; the job goes on.


def test_a_row_whose_file_is_missing_is_dropped() -> None:
    assert "cannot be read: gs://a/gone.wav" in reasons(file_row("gs://a/gone.wav"))


def test_a_row_whose_file_is_not_in_cloud_storage_is_dropped() -> None:
    assert "not a Cloud Storage URI" in reasons(file_row("https://example.com/a.wav"))


def test_a_row_of_an_unsupported_type_is_dropped() -> None:
    assert "unsupported MIME type [audio/x-wav]" in reasons(inline_row(wav(1), mime_type="audio/x-wav"))


@pytest.mark.parametrize(
    ("content", "mime_type"),
    [
        (b"not audio", "audio/wav"),
        (wav(0), "audio/wav"),
        (b"", "audio/flac"),
        (b"not audio", "audio/aac"),
        (b"", "audio/m4a"),
    ],
)
def test_a_row_whose_recording_is_broken_or_empty_is_dropped(content: bytes, mime_type: str) -> None:
    assert "contains an invalid audio file" in reasons(inline_row(content, mime_type=mime_type))


def test_a_row_whose_inline_data_is_not_base64_is_dropped() -> None:
    row = turns([{"inlineData": {"mimeType": "audio/wav", "data": "%%%"}}], "hi")
    assert "not base64" in reasons(row)


def test_a_row_with_two_recordings_or_none_is_dropped() -> None:
    part = {"fileData": {"mimeType": "audio/wav", "fileUri": "gs://a/1.wav"}}
    assert "has 2 audio files where one is taken" in reasons(turns([part, part], "hi"))
    assert "has 0 audio files where one is taken" in reasons(turns([{"text": PROMPT}], "hi"))


def test_a_recording_of_an_hour_passes_and_a_longer_one_is_dropped() -> None:
    hour, longer = bytes(32_000 * 3600), bytes(32_000 * 3600 + 320)
    contents = {"gs://a/hour": hour, "gs://a/longer": longer}
    limits = replace(FLASH, audio_bytes=2 * 10**8)
    rows = [file_row("gs://a/hour", mime_type="audio/pcm"), file_row("gs://a/longer", mime_type="audio/pcm")]
    judgement = judged(rows, contents, limits)
    assert [row.recording.tokens for row in judgement.kept] == [115_200]
    assert "over the limit of 3600 s" in judgement.dropped[0].reason


def test_a_recording_over_100_mb_is_dropped_without_being_read() -> None:
    judge = Judge(Nothing({"gs://a/large.wav": 100_000_001}), FLASH)
    lines = jsonl([inline_row(wav(1)), file_row("gs://a/large.wav")]).splitlines()
    assert "100000001 bytes, over the limit of 100000000" in judge.rows(lines).dropped[0].reason


def test_inline_audio_is_held_to_the_size_limit_too() -> None:
    limits = replace(FLASH, audio_bytes=len(wav(1)))
    assert "over the limit" in reasons(inline_row(wav(1.01)), limits=limits)


def test_a_row_over_131072_tokens_is_dropped_and_one_at_the_limit_passes() -> None:
    room = 131_072 - 32 - 8
    judgement = judged([inline_row(wav(1), "x" * 4 * room), inline_row(wav(1), "x" * (4 * room + 1))], {})
    assert [row.tokens for row in judgement.kept] == [131_072]
    assert judgement.truncated_indices == (2,)
    assert "too many tokens: 131073" in judgement.dropped[0].reason


# A row of the wrong form fails the job, and is named with its JSON.


def test_a_line_that_is_not_json_is_named_and_echoed() -> None:
    message = refusal({TRAIN: jsonl([inline_row(wav(1))]) + b'{"contents": oops\n'})
    assert message == 'Dataset example 2 of 2 is not valid JSON. JSON: {"contents": oops'


def test_an_empty_line_in_the_middle_is_not_valid_json() -> None:
    message = refusal({TRAIN: jsonl([inline_row(wav(1))]) + b"\n" + jsonl([inline_row(wav(1))])})
    assert "example 2 of 3 is not valid JSON" in message


def test_a_long_row_is_echoed_in_part() -> None:
    assert len(fault({"nope": "x" * 5000})) < 1000


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ([], "has a value that is not an object"),
        ({}, '"contents" field that is missing'),
        ({"contents": []}, '"contents" field that is missing, empty'),
        ({"contents": ["hello"]}, "a turn that is not an object"),
        ({"contents": [{"role": "user", "parts": []}]}, '"parts" field that is missing, empty'),
        ({"contents": [{"role": "user", "parts": [{"functionCall": {}}]}]}, "unsupported modality [functionCall]"),
        ({"contents": [{"role": "user", "parts": [{"text": 5}]}]}, '"text" field that is missing or not a string'),
        ({"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}, "alternate"),
        (turns([{"fileData": {"mimeType": "audio/wav"}}], "hi"), '"fileUri" field'),
        (turns([{"text": "hi"}], " "), "a model turn without text"),
        (turns([{"text": "hi"}], "hi") | {"prompt": "?"}, "an unknown field [prompt]"),
        (turns([{"text": "hi"}], "hi") | {"systemInstruction": {"parts": [INLINE]}}, "other than text"),
    ],
)
def test_a_row_of_the_wrong_form_fails_the_job(row: object, words: str) -> None:
    message = fault(row)
    assert message.startswith("Dataset example 2 of 3 ")
    assert words in message
    assert json.dumps(row)[:200] in message


def test_turns_that_begin_with_the_model_fail_the_job() -> None:
    assert "alternate" in fault({"contents": [_said("hi"), {"role": "user", "parts": [{"text": "hi"}]}]})


def test_audio_in_the_models_turn_fails_the_job() -> None:
    row = turns([{"text": "hi"}], "hi")
    contents = row["contents"]
    assert isinstance(contents, list)
    contents[1]["parts"].append({"fileData": {"mimeType": "audio/wav", "fileUri": "gs://a/1.wav"}})
    assert "a model turn with something other than text" in fault(row)


# A dataset that cannot be used at all fails the job.


def test_a_missing_dataset_fails_the_job() -> None:
    assert "not a JSONL object that can be read" in refusal({})


def test_an_empty_dataset_fails_the_job() -> None:
    assert "is empty" in refusal({TRAIN: b""})


def test_a_dataset_over_1_gb_fails_the_job_without_being_read() -> None:
    with pytest.raises(DatasetRefusedError, match="1000000001 bytes, over the limit of 1000000000"):
        Judge(Nothing({TRAIN: 1_000_000_001}), FLASH).datasets(TRAIN)


def test_a_dataset_that_is_not_named_jsonl_fails_the_job() -> None:
    with pytest.raises(DatasetRefusedError, match="not a JSONL object"):
        Judge(MemoryObjects({"gs://sets/train.txt": b"{}"}), FLASH).datasets("gs://sets/train.txt")


def test_the_catalogue_allows_300_000_examples_and_one_more_than_the_limit_fails_the_job() -> None:
    assert FLASH.examples == 300_000
    rows = jsonl([inline_row(wav(1))] * 3)
    assert "more than 2 examples" in refusal({TRAIN: rows}, limits=replace(FLASH, examples=2))


def test_a_dataset_of_which_no_row_can_be_used_fails_the_job_and_says_why() -> None:
    message = refusal({TRAIN: jsonl([file_row("gs://a/gone.wav")])})
    assert "no example that can be used" in message
    assert "gs://a/gone.wav" in message


@pytest.mark.parametrize(
    ("validation", "training", "allowed"),
    [
        (1_000, 10, True),
        (1_001, 3_336, False),
        (1_001, 3_337, True),
        (5_000, 300_000, True),
        (5_001, 300_000, False),
    ],
)
def test_validation_is_limited_above_1000_rows(validation: int, training: int, allowed: bool) -> None:  # noqa: FBT001 # a table's column
    assert FLASH.allows_validation(validation, training) is allowed


def test_a_validation_file_over_its_limits_fails_the_job() -> None:
    contents = bucket(4) | {VALIDATION: jsonl([inline_row(wav(1))] * 3)}
    limits = replace(FLASH, validation_always=2)
    assert "The validation dataset has 3 examples for 4 training examples" in refusal(contents, VALIDATION, limits)


def test_a_validation_file_is_judged_row_by_row() -> None:
    assert "example 1 of 1 is not valid JSON" in refusal(bucket(1) | {VALIDATION: b"nope\n"}, VALIDATION)


def test_only_the_adapter_sizes_of_pro_end_at_eight() -> None:
    largest = {name: limits.adapter_sizes[-1] for name, limits in CATALOGUE.items()}
    assert {name for name, size in largest.items() if size == 8} == {"gemini-2.5-pro"}


def _said(text: str) -> Row:
    return {"role": "model", "parts": [{"text": text}]}


def _data(content: bytes) -> str:
    row = inline_row(content)
    part = row["contents"][0]["parts"][1]  # type: ignore[index] # the shape is inline_row's
    data: str = part["inline_data"]["data"]
    return data
