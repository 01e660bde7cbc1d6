"""Starts and kills the RTSP server that takes published streams."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import av

from tests.media import Picture
from tests.servers.rtsp import SYSTEM_PYTHON
from tests.servers.server_process import ServerProcess

SCRIPT = Path(__file__).with_name("gstreamer_record.py")


class RtspRecorder(ServerProcess):
    """Takes what is published to ``rtsp://127.0.0.1:PORT/NAME``; always at the same port."""

    def __init__(self, folder: Path, names: Sequence[str] = ("view",)) -> None:
        self.folder, self.names, self.port = folder, names, 0
        self.start()

    def address(self, name: str = "view") -> str:
        return f"rtsp://127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        command = [SYSTEM_PYTHON, str(SCRIPT), str(self.port), str(self.folder), *self.names]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.strip(), "the RTSP server did not start"
        self.port = int(line)

    def has_come(self, name: str = "view") -> bool:
        """Whether anything came."""
        file = self.folder / f"{name}.h264"
        return file.exists() and file.stat().st_size > 0

    def pictures(self, name: str = "view") -> list[Picture]:
        """All that came so far."""
        if not self.has_come(name):
            return []
        with av.open(str(self.folder / f"{name}.h264")) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]

    def forget(self) -> None:
        """Remove what came so far; only while it does not run."""
        for name in self.names:
            (self.folder / f"{name}.h264").unlink(missing_ok=True)
