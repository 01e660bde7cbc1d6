"""An HTTP server of the standard library that gives out MJPEG, HLS and recordings, and can refuse, stall and break."""

import base64
import ssl
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import cv2

from tests.media import Picture, write_video

SEGMENT_SECONDS = 0.5
PLAYLIST_SEGMENTS = 4


class HttpStreams:
    """Serves a loop of pictures as ``/mjpeg`` and ``/hls/live.m3u8``, and the files of a folder as ``/files/NAME``.

    ``/transport`` is one endless answer: the segments whose names begin with `segments`, one after the other.

    ``/401``, ``/404`` and ``/503`` answer so; ``/silent`` takes the connection and says nothing; ``/page`` is no video.
    While `is_stalled` is set, MJPEG streams send nothing.
    """

    def __init__(
        self,
        folder: Path,
        pictures: Sequence[Picture],
        *,
        rate: int = 20,
        user: str = "",
        password: str = "",
        port: int = 0,
    ) -> None:
        self.is_stalled = threading.Event()
        self.segments = "segment"
        self._scheme = "http"
        self.is_ending = threading.Event()
        self._login: str | None = None
        self._url_login = ""
        if user:
            self.expect(user, password)
        self.folder, self.rate = folder, rate
        self.pictures = [
            cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))[1].tobytes() for picture in pictures
        ]
        self._begun = time.monotonic()
        streams = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                streams.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self._server.server_port
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def address(self, path: str) -> str:
        return f"{self._scheme}://{self._url_login}127.0.0.1:{self.port}{path}"

    def expect(self, user: str, password: str) -> None:
        """Refuse everybody else from now on."""
        self._login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._url_login = f"{quote(user, safe='')}:{quote(password, safe='')}@"

    def encrypt(self, certificate: Path, key: Path) -> None:
        """Speak TLS from now on."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._scheme = "https"

    def close(self) -> None:
        self.is_ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "HttpStreams":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        path = request.path.partition("?")[0]
        if self._login is not None and request.headers.get("Authorization") != f"Basic {self._login}":
            path = "/401"
        if path in ("/401", "/404", "/503"):
            request.send_response(int(path[1:]))
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.end_headers()
        elif path == "/silent":
            self.is_ending.wait(30)
        elif path == "/mjpeg":
            self._send_mjpeg(request)
        elif path == "/transport":
            self._send_segments(request)
        elif path == "/page":
            self._send(request, b"<html>a page</html>" * 100, "text/html")
        elif path == "/hls/live.m3u8":
            self._send(request, self._playlist().encode(), "application/vnd.apple.mpegurl")
        else:
            name = path.rpartition("/")[2]
            self._send(
                request, (self.folder / name).read_bytes(), "video/mp4" if name.endswith("mp4") else "video/MP2T"
            )

    def _send(self, request: BaseHTTPRequestHandler, content: bytes, kind: str) -> None:
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def _send_mjpeg(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        request.end_headers()
        begun, sent = time.monotonic(), 0
        try:
            while not self.is_ending.wait(max(0.0, begun + sent / self.rate - time.monotonic())):
                if not self.is_stalled.is_set():
                    picture = self.pictures[sent % len(self.pictures)]
                    head = f"--picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
                    request.wfile.write(head.encode() + picture + b"\r\n")
                    request.wfile.flush()
                sent += 1
        except OSError:
            pass  # the client left

    def _send_segments(self, request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "video/MP2T")
        request.end_headers()
        begun, sent = time.monotonic(), 0
        try:
            while not self.is_ending.wait(max(0.0, begun + sent * SEGMENT_SECONDS - time.monotonic())):
                count = len(list(self.folder.glob(f"{self.segments}*.ts")))
                request.wfile.write((self.folder / f"{self.segments}{sent % count}.ts").read_bytes())
                request.wfile.flush()
                sent += 1
        except OSError:
            pass  # the client left

    def _playlist(self) -> str:
        newest = int((time.monotonic() - self._begun) / SEGMENT_SECONDS) + PLAYLIST_SEGMENTS
        numbers = range(newest - PLAYLIST_SEGMENTS, newest)
        head = f"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:{numbers[0]}\n"
        count = len(list(self.folder.glob("segment*.ts")))
        return head + "".join(f"#EXTINF:{SEGMENT_SECONDS},\nsegment{number % count}.ts\n" for number in numbers)


def write_segments(
    folder: Path, pictures: Sequence[Picture], *, rate: int = 20, codec: str = "libx264", name: str = "segment"
) -> None:
    """Write the pictures as segments of HLS, whose timestamps follow each other."""
    options = {"bf": "0", "preset": "ultrafast", "threads": "1", "x265-params": "log-level=none:pools=1"}
    size = round(SEGMENT_SECONDS * rate)
    for number in range(len(pictures) // size):
        shown = range(number * size, (number + 1) * size)
        write_video(
            folder / f"{name}{number}.ts",
            [pictures[index] for index in shown],
            rate=rate,
            codec=codec,
            times=[index / rate for index in shown],
            options=options,
        )
