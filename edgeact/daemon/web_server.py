"""The server of the daemon's pages, in a thread of its own. Needs the extra ``daemon``."""

import ipaddress
import logging
import socket
import time

import uvicorn
from starlette.applications import Starlette

from edgeact.errors import OutputError
from edgeact.stopping import join_or_leave, named_thread, start_thread

logger = logging.getLogger(__name__)

_MOST_CONNECTIONS = 64  # more are answered 503
_IDLE_SECONDS = 5
_MOST_HEADER_BYTES = 2**14
_STOP_SECONDS = 2.0


def bind(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Args:
        host: An address, IPv4 or IPv6.
        port: 0 takes a free one.

    Raises:
        OutputError: The address cannot be had.
    """
    family = socket.AF_INET6 if ipaddress.ip_address(host).version == 6 else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        shown = f"[{host}]" if family == socket.AF_INET6 else host
        raise OutputError(
            f"http cannot listen at {shown}:{port} ({error.strerror or error}); end what uses it, or set another listen"
        ) from error


class WebServer:
    """Serves an application until it is stopped.

    Args:
        app: The application.
        listening: As `bind` gives it; closed at the end.
    """

    def __init__(self, app: Starlette, listening: socket.socket) -> None:
        self._socket = listening
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # a client must not choose whom its requests are counted for
            server_header=False,
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=1,
            h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        )
        self._server = uvicorn.Server(config)
        self._thread = named_thread("http", self._run)

    def start(self) -> None:
        """Start to answer requests.

        Raises:
            PipelineError: The system gives no more threads.
        """
        start_thread(self._thread)

    def stop(self) -> None:
        """Stop answering, and release the address."""
        self._server.should_exit = True
        join_or_leave([self._thread], time.monotonic() + _STOP_SECONDS)
        self._socket.close()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        except Exception:
            logger.exception("http: the server has failed; pages and metrics are gone until a new start")
