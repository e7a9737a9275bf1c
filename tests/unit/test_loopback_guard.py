"""No test reaches another machine."""

import socket

import pytest

# From the block that is kept for documentation (RFC 5737): nobody is there.
ELSEWHERE = "192.0.2.1"


def test_a_connection_to_another_machine_is_refused_before_it_is_tried() -> None:
    with socket.socket() as wire, pytest.raises(RuntimeError, match="tests stay on the loopback"):
        wire.connect((ELSEWHERE, 80))


def test_a_name_is_not_even_looked_up() -> None:
    with pytest.raises(RuntimeError, match="tests stay on the loopback"):
        socket.getaddrinfo("storage.example", 443)


def test_the_loopback_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as wire:
        assert wire.getpeername() == server.getsockname()
