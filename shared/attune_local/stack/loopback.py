"""Free ports on the loopback, and whether something answers there."""

import http.client
import socket

HOST = "127.0.0.1"


def free_port() -> int:
    """Return a port that was free a moment ago; whoever binds it must be ready to try another."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether an HTTP server on the port answers a request at all, whatever its status."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", "/")
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
