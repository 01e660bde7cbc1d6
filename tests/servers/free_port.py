"""A port of this machine at which nobody listens."""

import socket


def free_port() -> int:
    """A port at which nobody listens now, and at which the next server may."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
