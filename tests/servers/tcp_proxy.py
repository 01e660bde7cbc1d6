"""Stands between a client and a server of this machine, and spoils their connection as networks do."""

import contextlib
import socket
import struct
import threading
from types import TracebackType

_PIECE = 2**16
_RESET_AT_CLOSE = struct.pack("ii", 1, 0)


class TcpProxy:
    """Passes on what comes to `port` to another port of this machine."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._flows = threading.Event()
        self._flows.set()
        self._open: set[socket.socket] = set()
        self.port = 0
        self.listen()

    def listen(self) -> None:
        """Take connections, always at the same port."""
        self._server = socket.create_server(("127.0.0.1", self.port))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()

    def shut(self) -> None:
        """Refuse connections from now on; those that there are end."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for the next one
        self._server.close()
        self.reset()

    def stall(self) -> None:
        """Pass nothing on any more; connections stay."""
        self._flows.clear()

    def go_on(self) -> None:
        """Pass on again, also what was held back."""
        self._flows.set()

    def reset(self) -> None:
        """Break all connections with a TCP reset; new ones are made."""
        for one in list(self._open):
            self._break(one)

    def close(self) -> None:
        self._flows.set()
        self.shut()

    def __enter__(self) -> "TcpProxy":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _accept(self, listening: socket.socket) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = listening.accept()
                try:
                    server = socket.create_connection(("127.0.0.1", self._target), timeout=5.0)
                    server.settimeout(None)
                except OSError:
                    self._break(client)
                    client.close()
                    continue
                self._open |= {client, server}
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=pair, daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE):
                self._flows.wait()
                sink.sendall(piece)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                if one in self._open:  # otherwise it is to be reset
                    one.shutdown(socket.SHUT_RDWR)
            self._open.discard(one)
            one.close()

    def _break(self, one: socket.socket) -> None:
        self._open.discard(one)
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
            one.shutdown(socket.SHUT_RD)  # wakes the thread that reads from it, which holds it open, and closes it
