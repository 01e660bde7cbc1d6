"""Starts, stops, freezes and kills the RTSP server, which is a process of its own."""

import json
import subprocess
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import quote

import av

from tests.media import Picture
from tests.servers.server_process import ServerProcess

SYSTEM_PYTHON = "/usr/bin/python3"
SCRIPT = Path(__file__).with_name("gstreamer_rtsp.py")
PROBE = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


def is_installed() -> bool:
    """Whether the system's Python has GStreamer's RTSP server."""
    if not Path(SYSTEM_PYTHON).exists():
        return False
    return subprocess.run([SYSTEM_PYTHON, "-c", PROBE], capture_output=True, check=False).returncode == 0


def write_loop(path: Path, pictures: Sequence[Picture], *, codec: str = "h264", rate: int = 20) -> Path:
    """Encode pictures for the server; every one can be decoded from itself or from those since the loop's start."""
    names = {"h264": ("libx264", "yuv420p"), "mjpeg": ("mjpeg", "yuvj420p")}
    encoder: Any = av.CodecContext.create(names[codec][0], "w")
    encoder.height, encoder.width = pictures[0].shape[:2]
    encoder.pix_fmt, encoder.time_base, encoder.framerate = names[codec][1], Fraction(1, rate), rate
    encoder.options = {"preset": "ultrafast", "tune": "zerolatency"} if codec == "h264" else {"qmin": "2", "qmax": "2"}
    encoder.gop_size = len(pictures)
    packets = []
    for index, picture in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=encoder.pix_fmt)
        frame.pts = index
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    path.write_bytes(b"".join(packet.size.to_bytes(4, "big") + bytes(packet) for packet in packets))
    return path


class RtspServer(ServerProcess):
    """Serves a loop of pictures at ``rtsp://127.0.0.1:PORT/stream``; always at the same port."""

    def __init__(
        self,
        path: Path,
        *,
        codec: str = "h264",
        rate: int = 20,
        auth: str | None = None,
        user: str = "",
        password: str = "",
    ) -> None:
        self._settings: dict[str, Any] = {
            "path": str(path),
            "codec": codec,
            "rate": rate,
            "auth": auth,
            "user": user,
            "password": password,
            "port": 0,
        }
        self.start()

    @property
    def port(self) -> int:
        return int(self._settings["port"])

    @property
    def address(self) -> str:
        """The address with user name and password, percent-encoded as in RFC 3986."""
        user, password = self._settings["user"], self._settings["password"]
        login = f"{quote(user, safe='')}:{quote(password, safe='')}@" if self._settings["auth"] else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/stream"

    def start(self, **changes: Any) -> None:
        """Start, or start again with other settings, such as another ``path`` and ``codec``."""
        self._settings |= changes
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(SCRIPT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(self._settings) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line.strip(), "the RTSP server did not start"
        self._settings["port"] = int(line)
