"""A server that is a process of its own, and what tests do to it: they kill, freeze and thaw it."""

import signal
import subprocess
from types import TracebackType
from typing import Any, TypeVar

Server = TypeVar("Server", bound="ServerProcess")


class ServerProcess:
    """Base of servers in a process of their own; a kind of server starts the process and keeps it in `_process`."""

    _process: subprocess.Popen[Any] | None = None

    @property
    def pid(self) -> int:
        """Of the process that runs."""
        assert self._process is not None
        return self._process.pid

    def kill(self) -> None:
        """As when the device loses its power: connections are reset."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe is not None:
                    pipe.close()
            self._process = None

    def freeze(self) -> None:
        """As when the network is cut: connections stay, and nothing comes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after `freeze`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self: Server) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
