"""An HTTP server that receives the events of a webhook."""

import contextlib
import json
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hunter2"  # noqa: S105 - of the test's own server


class Guard:
    """A server that takes events; it answers with the statuses of a list first, and then with 204."""

    def __init__(self, port: int = 0) -> None:
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.answers: list[int] = []
        self.connections = 0
        self.open: set[socket.socket] = set()
        guard = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                guard.connections += 1
                super().setup()
                guard.open.add(self.connection)

            def finish(self) -> None:
                guard.open.discard(self.connection)
                super().finish()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = guard.answers.pop(0) if guard.answers else 204
                guard.headers.append(dict(self.headers))
                if status == 204:
                    guard.got.append(json.loads(body))
                self.send_response(status)
                self.send_header("Location", "http://192.0.2.9/")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}/hook?key={TOKEN}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for one in list(self.open):  # a client may keep them for the next request
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
