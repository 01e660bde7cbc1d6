"""Sends an MPEG transport stream to a port of this machine, as encoders and relays do."""

import random
import socket
import threading
import time
from pathlib import Path
from types import TracebackType

from tests.servers.http_streams import SEGMENT_SECONDS

DATAGRAM_BYTES = 7 * 188  # as usual: so many packets of the transport stream fit an Ethernet frame


class UdpSender:
    """Sends the segments of a folder (see `write_segments`) one after the other, again and again, at their pace.

    Attributes:
        lost_share: Of the datagrams, 0 to 1; these are not sent.
    """

    def __init__(self, folder: Path) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as chosen:
            chosen.bind(("127.0.0.1", 0))
            self._port = int(chosen.getsockname()[1])
        self.lost_share = 0.0
        self._chance = random.Random(7)
        count = len(list(folder.glob("segment*.ts")))
        self._segments = [(folder / f"segment{number}.ts").read_bytes() for number in range(count)]
        self._is_ending = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"udp://127.0.0.1:{self._port}"

    def close(self) -> None:
        self._is_ending.set()
        self._thread.join()

    def __enter__(self) -> "UdpSender":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _send(self) -> None:
        due = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            while True:
                for segment in self._segments:
                    pieces = [segment[at : at + DATAGRAM_BYTES] for at in range(0, len(segment), DATAGRAM_BYTES)]
                    for piece in pieces:
                        if self._is_ending.wait(max(0.0, due - time.monotonic())):
                            return
                        if self._chance.random() >= self.lost_share:
                            sender.sendto(piece, ("127.0.0.1", self._port))
                        due += SEGMENT_SECONDS / len(pieces)
