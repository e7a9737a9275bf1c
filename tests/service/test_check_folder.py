"""What lies in a folder is found as ingest would find it in the bucket; what is no pair is told, and why."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attune.services.check.fixing import repairs_fault
from attune.services.check.folder import Listing, Told, dataset_fault, listing, shown, walk
from folders import put


def lies_in(folder: Path, dataset: str = "d") -> Listing:
    return listing(dataset, walk(folder))


def paths(found: Listing) -> list[str]:
    return sorted(couple.path for couple in found.couples)


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(os.fsencode(name))


def test_pairs_are_files_with_one_stem_in_one_folder(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "a.txt", "deep/er/b.FLAC", "deep/er/b.TXT", "c.d.mp3", "c.d.txt", "e.m4a", "deep/e.txt")
    found = lies_in(tmp_path)
    assert paths(found) == ["a", "c.d", "deep/er/b"]
    assert found.waiting == (
        Told("deep/e.txt", "there is no recording e beside it (.wav, .flac, .mp3, .aac, .m4a)"),
        Told("e.m4a", "there is no e.txt beside it"),
    )


def test_pairs_come_in_the_order_of_their_ids(tmp_path: Path) -> None:
    for name in map(str, range(30)):
        put(tmp_path, name, b"x", "y")
    ids = [couple.id for couple in lies_in(tmp_path).couples]
    assert ids == sorted(ids)
    assert len(set(ids)) == 30


def test_a_half_is_named_as_it_would_be_in_the_bucket(tmp_path: Path) -> None:
    put(tmp_path, "deep/a", b"sound", "words")
    (couple,) = lies_in(tmp_path, "calls").couples
    assert (couple.audio.name, couple.transcript.name) == ("calls/deep/a.wav", "calls/deep/a.txt")
    assert (couple.audio.size, couple.transcript.size) == (5, 5)


def test_of_two_recordings_of_one_stem_the_one_that_was_changed_last_counts(tmp_path: Path) -> None:
    touch(tmp_path, "a.wav", "a.flac", "a.mp3", "a.txt")
    for age, name in enumerate(("a.mp3", "a.wav", "a.flac")):
        os.utime(tmp_path / name, ns=(0, 1_000 - age))
    found = lies_in(tmp_path)
    assert [couple.ending for couple in found.couples] == [".mp3"]
    assert [told.name for told in found.superseded] == ["a.flac", "a.wav"]
    assert "a.mp3 has the same stem" in found.superseded[0].why


def test_what_is_not_ours_is_ignored_with_the_reason_that_ingest_has(tmp_path: Path) -> None:
    touch(tmp_path, "a.ogg", "README", ".wav", "notes.txt.bak")
    assert {told.name: told.why for told in lies_in(tmp_path).ignored} == {
        "a.ogg": "its ending is none of .wav, .flac, .mp3, .aac, .m4a, .txt",
        "README": "its ending is none of .wav, .flac, .mp3, .aac, .m4a, .txt",
        ".wav": "it has no name before its ending",
        "notes.txt.bak": "its ending is none of .wav, .flac, .mp3, .aac, .m4a, .txt",
    }


def test_names_that_no_object_can_have_are_ignored(tmp_path: Path) -> None:
    long = "/".join(["x" * 200] * 6)
    touch(tmp_path, "two\nlines.wav", f"{long}.wav", f"{long}.txt")
    touch(tmp_path, os.fsdecode(b"latin-\xe9.wav"))
    told = {told.name: told.why for told in lies_in(tmp_path).ignored}
    assert told["two\\nlines.wav"] == "its name has a line break, which no object's name can hold"
    assert told["latin-\\udce9.wav"] == "its name is not Unicode text"
    assert told[f"{long}.wav"] == "its name is longer than the 1,024 bytes of an object's name"
    assert len(told) == 4


def test_names_in_every_script_make_pairs(tmp_path: Path) -> None:
    names = ["Łódź", "日本語", "with blank ", "50% off", "[bold]a", "emoji \U0001f600", "e\u0301", "#1?x=y"]
    for name in names:
        put(tmp_path, name, b"x", "y")
    assert paths(lies_in(tmp_path)) == sorted(names)


def test_a_link_is_followed_to_a_file_in_the_folder_and_nowhere_else(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    put(inside, "a", b"sound", "words")
    put(outside, "b", b"sound", "words")
    for name, target in {
        "same.wav": inside / "a.wav",
        "same.txt": Path("a.txt"),
        "b.wav": outside / "b.wav",
        "folder": outside,
        "up": Path(".."),
        "self": inside,
        "nowhere.wav": inside / "missing.wav",
        "round.wav": Path("round.wav"),
    }.items():
        (inside / name).symlink_to(target)
    found = lies_in(inside)
    assert paths(found) == ["a", "same"]
    assert {told.name: told.why for told in found.ignored} == {
        "b.wav": "it is a link out of the folder, which is not followed",
        "folder": "it is a link out of the folder, which is not followed",
        "up": "it is a link out of the folder, which is not followed",
        "self": "it is a link to a folder, which is not followed",
        "nowhere.wav": "it is a link that leads nowhere",
        "round.wav": "it is a link that leads nowhere",
    }


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    put(tmp_path / "real", "a", b"sound", "words")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert paths(lies_in(tmp_path / "link")) == ["a"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.wav")
    assert lies_in(tmp_path).ignored == (Told("a.wav", "it is no regular file"),)


def test_a_folder_that_cannot_be_listed_is_told_and_the_rest_is_found(tmp_path: Path) -> None:
    put(tmp_path, "a", b"x", "y")
    deeper_than_paths_reach(tmp_path)
    found = lies_in(tmp_path)
    assert paths(found) == ["a"]
    (unread,) = found.unread
    assert unread.name.startswith("x" * 250)
    assert unread.why == "the folder cannot be listed: File name too long"


def deeper_than_paths_reach(folder: Path) -> None:
    at = os.open(folder, os.O_RDONLY)
    for _ in range(17):
        os.mkdir("x" * 250, dir_fd=at)
        below = os.open("x" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


def test_a_folder_that_is_gone_is_told(tmp_path: Path) -> None:
    assert lies_in(tmp_path / "gone").unread == (Told(".", "the folder cannot be listed: No such file or directory"),)


@pytest.mark.parametrize("name", ["", ".", "__x__", "a/b", "x" * 201, "\udce9"])
def test_a_name_that_no_dataset_can_have_is_refused(name: str) -> None:
    assert dataset_fault(name)


@pytest.mark.parametrize("name", ["calls", "Łódź calls", "a.b", "x" * 200])
def test_other_names_are_not(name: str) -> None:
    assert dataset_fault(name) is None


def test_a_name_is_shown_without_what_would_move_a_cursor() -> None:
    assert shown("Łódź\x1b[2J\r\n\u202e.wav") == "Łódź\\x1b[2J\\r\\n\\u202e.wav"


def test_repairs_go_where_nothing_is(tmp_path: Path) -> None:
    source, full, empty = tmp_path / "d", tmp_path / "full", tmp_path / "empty"
    touch(tmp_path, "d/a.wav", "full/b.txt", "file")
    empty.mkdir()
    (tmp_path / "alias").symlink_to(source)
    assert repairs_fault(source, empty) is None
    assert repairs_fault(source, tmp_path / "new" / "er") is None
    assert "Name a folder that is new or empty" in (repairs_fault(source, full) or "")
    assert "is a file" in (repairs_fault(source, tmp_path / "file") or "")
    for out in (source, source / "fixed", tmp_path / "alias" / "fixed", source / ".." / "d"):
        assert "whose files stay as they are" in (repairs_fault(source, out) or "")
