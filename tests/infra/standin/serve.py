"""The plugin's process: Terraform starts it, and talks to it over a socket in the file system."""

from __future__ import annotations

import base64
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from infra.standin import wire
from infra.standin.resources import Cloud
from infra.standin.rules import Problem, Rules, read_rules
from infra.standin.schema import Schema, read_schema
from infra.standin.values import decode, encode

# What Terraform sets for its plugins, so that nobody starts one by hand and wonders.
_COOKIE = "TF_PLUGIN_MAGIC_COOKIE"
_CORE_PROTOCOL, _PLUGIN_PROTOCOL = 1, 5
_NO_LIMIT = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
_LEGACY_TYPES = 1  # the flag of plans and applies by a provider that is as lenient as this one
_ERROR = 1
_LOOKS_AFTER_ITS_PARENT_SECONDS = 0.5

Call = Callable[[wire.Fields], bytes]


@dataclass(frozen=True, slots=True)
class Provider:
    """The calls of the plugin protocol, version 5, each from a request's fields to an answer."""

    schema: Schema
    rules: Rules
    cloud: Cloud

    def calls(self) -> dict[str, Call]:
        """Every call by its name."""
        return {
            "GetSchema": lambda _: self.schema.encoded(),
            "PrepareProviderConfig": lambda asked: wire.message(1, wire.bytes_of(asked, 1)),
            "ValidateResourceTypeConfig": lambda asked: self._validate("", asked),
            "ValidateDataSourceConfig": lambda asked: self._validate("data.", asked),
            "ValidateEphemeralResourceConfig": lambda asked: self._validate("ephemeral.", asked),
            "UpgradeResourceState": _upgrade,
            "Configure": self._configure,
            "ReadResource": lambda asked: wire.message(1, wire.bytes_of(asked, 2)),
            "PlanResourceChange": self._plan,
            "ApplyResourceChange": self._apply,
            "ReadDataSource": self._read,
            "Stop": lambda _: b"",
            "GetFunctions": lambda _: b"",
        }

    def _validate(self, prefix: str, asked: wire.Fields) -> bytes:
        found = self.rules.problems(prefix + wire.text_of(asked, 1), _value(asked, 2))
        return b"".join(wire.message(1, _diagnostic(problem)) for problem in found)

    def _configure(self, asked: wire.Fields) -> bytes:
        self.cloud.configure(_value(asked, 2))
        return b""

    def _plan(self, asked: wire.Fields) -> bytes:
        planned = self.cloud.plan(wire.text_of(asked, 1), _value(asked, 2), _value(asked, 3))
        return wire.message(1, encode(planned)) + wire.number(5, _LEGACY_TYPES)

    def _apply(self, asked: wire.Fields) -> bytes:
        applied = self.cloud.apply(wire.text_of(asked, 1), _value(asked, 3))
        return wire.message(1, encode(applied)) + wire.number(4, _LEGACY_TYPES)

    def _read(self, asked: wire.Fields) -> bytes:
        return wire.message(1, encode(self.cloud.read(wire.text_of(asked, 1), _value(asked, 2))))


def _value(asked: wire.Fields, field: int) -> Any:
    return decode(wire.bytes_of(asked, field))


def _upgrade(asked: wire.Fields) -> bytes:
    state = wire.message(2, wire.bytes_of(wire.parse(wire.bytes_of(asked, 3)), 1))  # a DynamicValue, in JSON
    return wire.message(1, state)


def _diagnostic(problem: Problem) -> bytes:
    steps = b"".join(wire.message(1, _step(part)) for part in problem.place)
    path = wire.message(4, steps) if steps else b""
    return wire.number(1, _ERROR) + wire.text(2, problem.summary) + wire.text(3, problem.detail) + path


def _step(part: str | int) -> bytes:
    """A step into an attribute or an element; element 0 is said, though proto3 would leave a zero out."""
    return wire.text(1, part) if isinstance(part, str) else wire.number(3, part) or b"\x18\x00"


class Service(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc has no types
    """The provider's calls, and those of the plugin framework that Terraform expects an answer to."""

    def __init__(self, provider: Provider, ended: threading.Event) -> None:
        self._calls = provider.calls()
        self._ended = ended

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """The handler of a method, or None."""
        service, _, method = handler_call_details.method.rpartition("/")
        if service == "/tfplugin5.Provider" and method in self._calls:
            call = self._calls[method]
            return grpc.unary_unary_rpc_method_handler(lambda asked, _: call(wire.parse(asked)))
        match handler_call_details.method:
            case "/plugin.GRPCController/Shutdown":
                return grpc.unary_unary_rpc_method_handler(self._shut_down)
            case "/plugin.GRPCStdio/StreamStdio":
                return grpc.unary_stream_rpc_method_handler(self._silence)
            case "/plugin.GRPCBroker/StartStream":
                return grpc.stream_stream_rpc_method_handler(self._silence)
            case _:
                return None

    def _shut_down(self, _asked: bytes, _context: grpc.ServicerContext) -> bytes:
        threading.Timer(0.01, self._ended.set).start()  # after the answer has gone
        return b""

    def _silence(self, _asked: object, _context: grpc.ServicerContext) -> Iterator[bytes]:
        """A stream that says nothing and ends with the process."""
        self._ended.wait()
        yield from ()


def main() -> None:
    """Serves Terraform until it says goodbye, or is gone."""
    if _COOKIE not in os.environ:
        sys.exit("This is a Terraform provider plugin: Terraform starts it, not you.")
    schema, rules = read_schema(), read_rules()
    ended = threading.Event()
    service = Service(Provider(schema, rules, Cloud(schema, rules)), ended)
    server = grpc.server(futures.ThreadPoolExecutor(16), handlers=[service], options=_NO_LIMIT)
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder, "plugin.sock")
        certificate = _listen(server, f"unix://{socket}")
        server.start()
        sys.stdout.write(f"{_CORE_PROTOCOL}|{_PLUGIN_PROTOCOL}|unix|{socket}|grpc|{certificate}\n")
        sys.stdout.flush()
        parent = os.getppid()
        while not ended.wait(_LOOKS_AFTER_ITS_PARENT_SECONDS) and os.getppid() == parent:
            pass
        server.stop(0)


def _listen(server: grpc.Server, address: str) -> str:
    """Opens the socket, and returns the certificate that Terraform is to expect; empty where it asks for none."""
    if not os.environ.get("PLUGIN_CLIENT_CERT"):
        server.add_insecure_port(address)
        return ""
    key, certificate = _certificate()
    server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate.public_bytes(_PEM))]))
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")


_PEM = serialization.Encoding.PEM


def _certificate() -> tuple[bytes, x509.Certificate]:
    """A key and a certificate for an hour, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return secret, certificate
