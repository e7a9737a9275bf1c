"""Resource names: projects by number, as the service returns them, whatever form the caller used."""

import re
from dataclasses import dataclass
from zlib import crc32

from attune_local.vertex.errors import Code, ServiceError

_IN_PLACE = re.compile(r"projects/(?P<project>[^/]+)/locations/(?P<region>[^/]+)(?P<rest>/.+)?")


def project_number(project: str) -> str:
    """The twelve-digit number of a project id; a number is its own. The same id has the same number always."""
    return project if project.isdigit() else str(100_000_000_000 + crc32(project.encode()))


@dataclass(frozen=True, slots=True)
class Place:
    """A project (by number) in a region."""

    project: str
    region: str

    @property
    def name(self) -> str:
        """`projects/NUMBER/locations/REGION`."""
        return f"projects/{self.project}/locations/{self.region}"

    def child(self, collection: str, ident: int | str) -> str:
        """The name of a resource in this place."""
        return f"{self.name}/{collection}/{ident}"


def _match(name: str) -> re.Match[str]:
    match = _IN_PLACE.fullmatch(name)
    if match is None:
        raise ServiceError(Code.INVALID_ARGUMENT, f"Invalid resource name: {name}.")
    return match


def place_of(name: str) -> Place:
    """Where a resource, or a parent, is."""
    match = _match(name)
    return Place(project_number(match["project"]), match["region"])


def canonical(name: str) -> str:
    """The same name with the project's number in it."""
    return place_of(name).name + (_match(name)["rest"] or "")
