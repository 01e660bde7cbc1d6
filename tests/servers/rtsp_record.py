"""Starts and kills the RTSP server that takes published streams."""

import subprocess
from pathlib import Path
from types import TracebackType

import av

from tests.media import Picture
from tests.servers.rtsp import SYSTEM_PYTHON

SCRIPT = Path(__file__).with_name("gstreamer_record.py")


class RtspRecorder:
    """Takes what is published to ``rtsp://127.0.0.1:PORT/view``; always at the same port."""

    def __init__(self, folder: Path) -> None:
        self.file, self.port = folder / "published.h264", 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def address(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/view"

    def start(self) -> None:
        command = [SYSTEM_PYTHON, str(SCRIPT), str(self.port), str(self.file)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.strip(), "the RTSP server did not start"
        self.port = int(line)

    def pictures(self) -> list[Picture]:
        """All that came so far."""
        if not self.file.exists() or not self.file.stat().st_size:
            return []
        with av.open(str(self.file)) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> "RtspRecorder":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()
