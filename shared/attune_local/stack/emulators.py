"""Find Java and Google's Firestore and Pub/Sub emulators, and say how each is started."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from attune_local.stack.errors import EmulatorsMissing
from attune_local.stack.loopback import HOST

FIRESTORE_OVERRIDE = "ATTUNE_FIRESTORE_JAR"
PUBSUB_OVERRIDE = "ATTUNE_PUBSUB_JAR"
FIRESTORE_MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
JAVA_WORDS = "Java 17 or newer"
FIRESTORE_WORDS = (
    "the Firestore emulator (`gcloud components install cloud-firestore-emulator`, "
    f"or the package google-cloud-cli-firestore-emulator, or {FIRESTORE_OVERRIDE}=JAR)"
)
PUBSUB_WORDS = (
    "the Pub/Sub emulator (`gcloud components install pubsub-emulator`, "
    f"or the package google-cloud-cli-pubsub-emulator, or {PUBSUB_OVERRIDE}=JAR)"
)
# Where the gcloud CLI is put by its packages and its own installer.
USUAL_ROOTS = (
    Path("/usr/lib/google-cloud-sdk"),
    Path("/usr/share/google-cloud-sdk"),
    Path("/opt/google-cloud-sdk"),
    Path("/usr/local/share/google-cloud-sdk"),
    Path("/opt/homebrew/share/google-cloud-sdk"),
    Path("/snap/google-cloud-cli/current"),
    Path("~/google-cloud-sdk"),
)
# A short start matters more here than peak speed.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.language=en")


@dataclass(frozen=True, slots=True)
class Emulators:
    """Where Java and the two emulators lie."""

    java: Path
    firestore_jar: Path
    pubsub_jar: Path

    def firestore(self, port: int) -> tuple[str, ...]:
        """Return the command of the Firestore emulator."""
        classpath = ("-Xmx512m", "-cp", str(self.firestore_jar), FIRESTORE_MAIN)
        return (str(self.java), *JVM, *classpath, "start", f"--host={HOST}", f"--port={port}")

    def pubsub(self, port: int) -> tuple[str, ...]:
        """Return the command of the Pub/Sub emulator."""
        return (str(self.java), *JVM, "-Xmx256m", "-jar", str(self.pubsub_jar), f"--host={HOST}", f"--port={port}")


def find_emulators(
    environment: Mapping[str, str] = os.environ, usual_roots: tuple[Path, ...] = USUAL_ROOTS
) -> Emulators:
    """Find everything, or raise EmulatorsMissing with one sentence that says what to install."""
    java = _java(environment)
    roots = tuple(_roots(environment, usual_roots))
    firestore = _jar(environment, FIRESTORE_OVERRIDE, roots, "platform/cloud-firestore-emulator/cloud-firestore*.jar")
    pubsub = _jar(environment, PUBSUB_OVERRIDE, roots, "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*.jar")
    if java and firestore and pubsub:
        return Emulators(java, firestore, pubsub)
    lacking = {JAVA_WORDS: java, FIRESTORE_WORDS: firestore, PUBSUB_WORDS: pubsub}
    raise EmulatorsMissing(f"Please install {' and '.join(name for name, found in lacking.items() if not found)}.")


def _java(environment: Mapping[str, str]) -> Path | None:
    home = environment.get("JAVA_HOME")
    beside = shutil.which("java", path=str(Path(home, "bin"))) if home else None
    found = beside or shutil.which("java", path=environment.get("PATH", ""))
    return Path(found) if found and _runs(found) else None


def _runs(java: str) -> bool:
    """Whether it is a Java at all: macOS has a /usr/bin/java that only tells where to get one."""
    return subprocess.run([java, "-version"], capture_output=True, check=False).returncode == 0


def _roots(environment: Mapping[str, str], usual: tuple[Path, ...]) -> Iterator[Path]:
    gcloud = shutil.which("gcloud", path=environment.get("PATH", ""))
    if gcloud:
        yield Path(gcloud).resolve().parent.parent
    yield from (root.expanduser() for root in usual)


def _jar(environment: Mapping[str, str], override: str, roots: tuple[Path, ...], pattern: str) -> Path | None:
    if named := environment.get(override):
        if not Path(named).is_file():
            raise EmulatorsMissing(f"{override} names {named}, which is no file.")
        return Path(named)
    found = (jar for root in roots for jar in sorted(root.glob(pattern), reverse=True))
    return next(found, None)
