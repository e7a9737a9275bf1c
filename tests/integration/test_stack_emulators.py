"""Where the emulators are looked for, and what is said when they are not there."""

from pathlib import Path

import pytest

from attune_local.stack.emulators import find_emulators
from attune_local.stack.errors import EmulatorsMissing

FIRESTORE = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
PUBSUB = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-0.8.20-all.jar"


@pytest.fixture
def sdk(tmp_path: Path) -> Path:
    """A gcloud installation with both emulators."""
    for jar in (FIRESTORE, PUBSUB):
        (tmp_path / "google-cloud-sdk" / jar).parent.mkdir(parents=True)
        (tmp_path / "google-cloud-sdk" / jar).touch()
    return tmp_path / "google-cloud-sdk"


@pytest.fixture
def java(tmp_path: Path) -> Path:
    """A JAVA_HOME."""
    return _program(tmp_path / "jdk/bin/java", "exit 0").parent.parent


def test_they_are_found_where_gcloud_is_installed(sdk: Path, java: Path, tmp_path: Path) -> None:
    _program(sdk / "bin/gcloud", "exit 0")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gcloud").symlink_to(sdk / "bin/gcloud")
    found = find_emulators({"PATH": str(tmp_path / "bin"), "JAVA_HOME": str(java)})
    assert (found.firestore_jar, found.pubsub_jar) == (sdk / FIRESTORE, sdk / PUBSUB)
    assert found.java == java / "bin/java"


def test_an_override_wins(sdk: Path, java: Path, tmp_path: Path) -> None:
    jar = tmp_path / "mine.jar"
    jar.touch()
    environment = {"JAVA_HOME": str(java), "ATTUNE_FIRESTORE_JAR": str(jar), "ATTUNE_PUBSUB_JAR": str(sdk / PUBSUB)}
    assert find_emulators(environment).firestore_jar == jar


def test_an_override_that_is_no_file_is_named(java: Path) -> None:
    with pytest.raises(EmulatorsMissing, match=r"ATTUNE_FIRESTORE_JAR names /nowhere/it\.jar, which is no file\."):
        find_emulators({"JAVA_HOME": str(java), "ATTUNE_FIRESTORE_JAR": "/nowhere/it.jar"})


def test_without_java_one_sentence_says_so(sdk: Path) -> None:
    jars = {"ATTUNE_FIRESTORE_JAR": str(sdk / FIRESTORE), "ATTUNE_PUBSUB_JAR": str(sdk / PUBSUB)}
    with pytest.raises(EmulatorsMissing) as caught:
        find_emulators({"PATH": "", **jars})
    assert str(caught.value) == "Please install Java 17 or newer."


def test_a_java_that_only_tells_where_to_get_one_is_none(sdk: Path, tmp_path: Path) -> None:
    stub = _program(tmp_path / "stub/java", "exit 1")
    jars = {"ATTUNE_FIRESTORE_JAR": str(sdk / FIRESTORE), "ATTUNE_PUBSUB_JAR": str(sdk / PUBSUB)}
    with pytest.raises(EmulatorsMissing, match="Java 17"):
        find_emulators({"PATH": str(stub.parent), **jars})


def test_without_anything_everything_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        EmulatorsMissing, match=r"Java 17 or newer and the Firestore emulator .* and the Pub/Sub emulator"
    ):
        find_emulators({"PATH": ""}, usual_roots=(tmp_path,))


def _program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path
