"""An RTMP server that plays one loop to whoever connects: the handshake, three answers, and the tags of an FLV file.

FFmpeg's own RTMP server cannot be had through PyAV, which does not hand an output's options to its protocol.
"""

import contextlib
import io
import socketserver
import struct
import threading
import time
from collections.abc import Iterator, Sequence
from types import TracebackType

import av

from tests.media import Picture

HANDSHAKE_BYTES = 1536
CHUNK_BYTES = 2**20  # larger than any of our messages, so that each of them is one chunk
SET_CHUNK_SIZE, INVOKE = 1, 20  # types of messages


def write_flv(pictures: Sequence[Picture], *, rate: int) -> bytes:
    """Pictures as an FLV file of H.264."""
    file = io.BytesIO()
    with av.open(file, "w", format="flv") as container:
        stream = container.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "tune": "zerolatency"})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def tags_of(flv: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, time in milliseconds and content of each tag of an FLV file."""
    position = 9 + 4  # the file's header, and the length of the tag before the first one
    while position + 11 <= len(flv):
        kind, size = flv[position], int.from_bytes(flv[position + 1 : position + 4], "big")
        yield kind, int.from_bytes(flv[position + 4 : position + 7], "big"), flv[position + 11 : position + 11 + size]
        position += 11 + size + 4


def message(kind: int, content: bytes, *, stamp: int = 0, stream: int = 0) -> bytes:
    """A message as one chunk with a whole header."""
    head = b"\x03" + stamp.to_bytes(3, "big") + len(content).to_bytes(3, "big") + bytes([kind])
    return head + stream.to_bytes(4, "little") + content


def text(value: str) -> bytes:
    return b"\x02" + len(value).to_bytes(2, "big") + value.encode()


def record(**values: str) -> bytes:
    pairs = b"".join(len(key).to_bytes(2, "big") + key.encode() + text(value) for key, value in values.items())
    return b"\x03" + pairs + b"\x00\x00\x09"


def number(value: float) -> bytes:
    return b"\x00" + struct.pack(">d", value)


class RtmpServer:
    """Plays a loop at ``rtmp://127.0.0.1:PORT/live/stream``."""

    def __init__(self, pictures: Sequence[Picture], *, rate: int = 20) -> None:
        tags, seconds = list(tags_of(write_flv(pictures, rate=rate))), len(pictures) / rate
        is_ending = self._is_ending = threading.Event()

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):  # the client left
                    self.shake_hands()
                    self.answer("connect", record(), record(code="NetConnection.Connect.Success"))
                    self.answer("createStream", b"\x05", number(1))
                    self.wait_for("play")
                    status = record(level="status", code="NetStream.Play.Start")
                    self.send(message(INVOKE, text("onStatus") + number(0) + b"\x05" + status, stream=1))
                    self.play()

            def shake_hands(self) -> None:
                first = self.rfile.read(1 + HANDSHAKE_BYTES)[1:]
                self.send(b"\x03" + bytes(HANDSHAKE_BYTES) + first)
                self.rfile.read(HANDSHAKE_BYTES)
                self.received = b""
                self.send(message(SET_CHUNK_SIZE, CHUNK_BYTES.to_bytes(4, "big")))

            def answer(self, command: str, *values: bytes) -> None:
                transaction = self.wait_for(command)
                self.send(message(INVOKE, text("_result") + transaction + b"".join(values)))

            def wait_for(self, command: str) -> bytes:
                """Read until a command came, and give its transaction number as it came."""
                name = text(command) + b"\x00"
                while name not in self.received or len(self.received.partition(name)[2]) < 8:
                    piece = self.connection.recv(4096)
                    if not piece:
                        raise OSError("the client left")
                    self.received += piece
                self.received = self.received.partition(name)[2]
                return b"\x00" + self.received[:8]

            def play(self) -> None:
                begun, loops = time.monotonic(), 0
                while True:
                    for kind, stamp, content in tags:
                        at = loops * seconds + stamp / 1000
                        if is_ending.wait(max(0.0, begun + at - time.monotonic())):
                            return
                        self.send(message(kind, content, stamp=round(at * 1000), stream=1))
                    loops += 1

            def send(self, data: bytes) -> None:
                self.connection.sendall(data)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"rtmp://127.0.0.1:{self._server.server_address[1]}/live/stream"

    def close(self) -> None:
        self._is_ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> "RtmpServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
