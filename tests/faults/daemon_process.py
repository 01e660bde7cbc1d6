"""A daemon as a process of its own, and what it says of itself over HTTP and leaves on the disk."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.event_store import EventStore
from tests.servers.free_port import free_port

COMMAND = "from edgeact.cli import main; main()"
POLL_SECONDS = 0.15  # a client may ask ten times a second, so two questions each time are too many in the long run
OK, TOO_OFTEN, TOO_OFTEN_SECONDS = 200, 429, 0.3  # statuses of HTTP, and what half a burst of questions needs


class DaemonProcess:
    """``edgeact run`` of a configuration file.

    Args:
        folder: For the configuration, the log and, unless told otherwise, the state.
        text: The configuration, without schema, state and http.
        state: The folder of state.
        before: What the process runs before the command, Python.

    Attributes:
        port: Of its pages.
    """

    def __init__(self, folder: Path, text: str, *, state: Path | None = None, before: str = "") -> None:
        self.state = state or folder / "state"
        self.config, self._log = folder / "config.toml", folder / "daemon.log"
        self.port, self._before = free_port(), before
        self.write(text)
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, text: str) -> None:
        """Change the configuration file."""
        head = f"schema = 1\nstate = {json.dumps(str(self.state))}\n"
        tail = f'\n[http]\nlisten = "127.0.0.1:{self.port}"\n'
        self.config.write_text(head + text + tail, encoding="utf-8")

    def start(self, *, wait: bool = True) -> None:
        """Start the daemon, and wait until a camera gives frames."""
        command = [sys.executable, "-c", f"{self._before}\n{COMMAND}", "run", str(self.config)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stderr=log, stdout=log, env={**os.environ, "OMP_NUM_THREADS": "1"}
            )
        if wait:
            self.wait(lambda: self._ask("/readyz") is not None, "ready", seconds=120.0)

    @property
    def log(self) -> str:
        """The daemon's whole log."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    @property
    def pid(self) -> int:
        """Number of the daemon's process."""
        assert self._process is not None
        return self._process.pid

    def log_since(self, mark: int) -> str:
        """The daemon's log since `log_length` was ``mark``."""
        return self._log.read_bytes()[mark:].decode("utf-8", errors="replace")

    @property
    def log_length(self) -> int:
        """Length of the daemon's log so far, in bytes."""
        return self._log.stat().st_size

    def signal(self, number: int) -> None:
        """Send a signal to the daemon's process."""
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> float:
        """Send SIGTERM, and return the seconds until the daemon has ended."""
        return self._end(signal.SIGTERM, 0)

    def kill(self) -> None:
        """Kill the daemon with SIGKILL, as a power cut would end it."""
        self._end(signal.SIGKILL, -signal.SIGKILL)

    def close(self) -> None:
        """Kill the daemon if it still runs."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _end(self, number: int, code: int) -> float:
        assert self._process is not None
        begun = time.monotonic()
        self._process.send_signal(number)
        ended = self._process.wait(timeout=60)
        assert ended == code, f"it ended with {ended}: {self.log[-2000:]}"
        self._process = None
        return time.monotonic() - begun

    def wait_for_end(self) -> int:
        """Wait until the daemon has ended by itself, and return its exit code."""
        assert self._process is not None
        return self._process.wait(timeout=120)

    def numbers(self) -> dict[tuple[str, ...], float]:
        """All metrics by name and labels; empty while it does not answer."""
        text = self._ask("/metrics")
        found = {}
        for line in (text or "").splitlines():
            if line and line[0] != "#":
                head, _, value = line.rpartition(" ")
                name, _, labels = head.partition("{")
                values = [pair.partition("=")[2].strip('"') for pair in labels.rstrip("}").split(",") if pair]
                found[(name, *values)] = float(value)
        return found

    def frames(self, camera: str) -> int:
        """Frames of a camera that were perceived."""
        return round(self.numbers().get(("edgeact_camera_frames_total", camera), 0.0))

    def reconnects(self, camera: str) -> int:
        """How often a camera was connected to anew."""
        return round(self.numbers().get(("edgeact_camera_reconnects_total", camera), 0.0))

    def runs(self, camera: str) -> bool:
        """Whether a camera is running."""
        return self.numbers().get(("edgeact_camera_state", camera, "running")) == 1.0

    def fails(self, output: str) -> bool:
        """Whether the last attempt of an output failed."""
        return self.numbers().get(("edgeact_output_failing", output)) == 1.0

    def state_and_reason(self, camera: str) -> str:
        """The state of a camera in words, with the reason."""
        row = (self._ask("/") or "").partition(f"<td>{camera}</td>")[2].partition("</td>")[0]
        state = row.partition('">')[2].partition("<")[0]
        reason = row.partition("</span>")[2].strip(" ()")
        return f"{state}: {reason}" if reason else state

    def wait(self, happened: Any, what: str, *, seconds: float = 60.0) -> float:
        """Wait until something has happened; the seconds that it took."""
        begun = time.monotonic()
        while not happened():
            assert time.monotonic() - begun < seconds, f"not {what} within {seconds:.0f} s: {self.log[-2000:]}"
            assert self._process is None or self._process.poll() is None, f"it has ended: {self.log[-2000:]}"
            time.sleep(POLL_SECONDS)
        return time.monotonic() - begun

    def kept(self) -> dict[str, EventRecord]:
        """The events in the daemon's database, by identity; only once the daemon has ended, or from a copy."""
        store = EventStore(self.state / "events.db")
        try:
            return {record.id: record for record in store.newest(1_000_000)}
        finally:
            store.close()

    def lines(self) -> list[dict[str, Any]]:
        """The events of ``events.jsonl`` and the files that were rotated: whole lines only."""
        found = []
        for path in sorted(self.state.glob("events.jsonl*")):
            text = path.read_bytes().decode("utf-8")
            found += [json.loads(line) for line in text.splitlines(keepends=True) if line[-1] == "\n"]
        return found

    def _ask(self, path: str) -> str | None:
        """An answer of 200, or None; who has asked too often waits and asks again."""
        while True:
            status, text = self._ask_once(path)
            if status != TOO_OFTEN:
                return text if status == OK else None
            time.sleep(TOO_OFTEN_SECONDS)

    def _ask_once(self, path: str) -> tuple[int, str]:
        """The status and the text of an answer; 0 where there is none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8")
        return 0, ""
