"""One connection to a camera or stream: opened, read and closed by one thread, with time limits on each."""

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, Protocol

import av
from av.container import InputContainer
from av.video.frame import VideoFrame

from edgeact.capture.address import Address
from edgeact.capture.base import SourceKind
from edgeact.capture.faults import FaultKind, SourceFaultError, fault_of
from edgeact.capture.limits import DEFAULT_MAX_MEGAPIXELS, limit_stream, pixel_option
from edgeact.errors import SourceFormatError, UsageError
from edgeact.memory import decoder_threads

DEFAULT_TIMEOUT_SECONDS = 4.0
# Segments of HLS come every few seconds only, ten at most where the recommendations are followed.
HLS_TIMEOUT_SECONDS = 15.0
# FFmpeg's own limit of a read comes after the supervisor's: what it then still hands out would look like a new frame.
READ_GRACE_SECONDS = 0.5
# FFmpeg looks into a stream for so long before its first picture, in microseconds: half a second of the five that it
# would take are enough for every codec of cameras, and the pictures that it sees meanwhile are not lost.
ANALYSE_MICROSECONDS = "500000"
# Received packets of UDP wait so long for those that were overtaken, in microseconds.
REORDER_MICROSECONDS = "200000"
ENCRYPTED_SCHEMES = frozenset({"rtsps", "https", "rtmps"})
# What an opened stream may open in turn, a playlist for example: never a file of this machine.
NETWORK_PROTOCOLS = "rtsp,rtsps,rtp,srtp,http,https,httpproxy,rtmp,rtmps,rtmpt,srt,udp,tcp,tls,crypto,data"
# These demuxers make timestamps up (25 a second), because what they read has none.
FORMATS_WITHOUT_TIME = frozenset({"mpjpeg", "mjpeg"})
# Pictures this large are decoded in several threads at the price of a picture's delay each; smaller ones at once.
PIXELS_FOR_FRAME_THREADS = 1920 * 1088


class PacketTap(Protocol):
    """Receives the encoded packets of a live source before they are decoded, in the reader's thread; must be quick."""

    def begin(self, stream: Any) -> None:
        """Note a new connection: all packets come from this stream, which lives no longer than the connection."""
        ...

    def take(self, packet: Any, *, arrived: float, is_timed: bool) -> None:
        """Take the next packet.

        Args:
            packet: Of the stream; to be copied, because it is decoded afterwards.
            arrived: Of `time.monotonic`.
            is_timed: Its timestamps can be believed.
        """
        ...


@dataclass(frozen=True, slots=True)
class LiveSettings:
    """How a live source is read.

    Attributes:
        timeout: Seconds without a frame after which a source is connected to anew.
        transport: What carries RTSP: ``tcp`` loses nothing, ``udp`` is for devices and networks that need it.
        tls_ca: A file of certificates (PEM) that encrypted connections trust; None trusts the system's.
        size: Width and height to ask of a camera; None leaves it to the camera.
        rate: Frames a second to ask of a camera; None leaves it to the camera.
        max_megapixels: Larger pictures are refused before they are decoded.
        tap: Is given the encoded packets, if there is one.
        gives_up: A fault that waiting does not mend (a wrong password, an unknown host) is final before the first
            frame; otherwise it is tried again and again, for a network that is not up yet.
    """

    timeout: float = DEFAULT_TIMEOUT_SECONDS
    transport: Literal["tcp", "udp"] = "tcp"
    tls_ca: Path | None = None
    size: tuple[int, int] | None = None
    rate: float | None = None
    max_megapixels: float = DEFAULT_MAX_MEGAPIXELS
    gives_up: bool = True
    tap: PacketTap | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be kept.

        Raises:
            UsageError: ``timeout`` or ``rate`` is not greater than 0, or ``transport`` unknown.
        """
        if not self.timeout > 0.0:
            raise UsageError(f"timeout is {self.timeout}, but must be greater than 0 seconds")
        if self.rate is not None and not self.rate > 0.0:
            raise UsageError(f"rate is {self.rate}, but must be greater than 0 frames a second")
        if self.transport not in ("tcp", "udp"):
            raise UsageError(f"transport is {self.transport}, but must be tcp or udp")


@dataclass(frozen=True, slots=True, eq=False)
class Arrival:
    """A decoded picture as it came.

    Attributes:
        picture: As stored: not turned, not yet RGB.
        stamp: Its timestamp in seconds of the stream's own clock; None where there is none that can be believed.
        arrived: `time.monotonic` at its arrival.
    """

    picture: VideoFrame
    stamp: float | None
    arrived: float


class Connection:
    """A stream that was opened; used and closed by the thread that opened it.

    Attributes:
        rate: Frames a second as announced, or None.
        ends: The stream is a recording, of announced length, and no camera.
        mode: What a camera was asked for and what it gives, or None.
        packets: Packets that came so far; grows while no picture can be decoded.
    """

    def __init__(
        self,
        container: InputContainer,
        *,
        name: str,
        timeout: float,
        encrypted: bool = False,
        paced: bool = False,
        mode: str | None = None,
        max_megapixels: float = DEFAULT_MAX_MEGAPIXELS,
        tap: PacketTap | None = None,
    ) -> None:
        """Choose the picture stream.

        Args:
            container: As PyAV opened it.
            name: The source, without secrets.
            timeout: Seconds after which a read was to fail.
            encrypted: The connection is one of TLS.
            paced: Pictures come as fast as they are read or in bursts (segments of HLS): each waits for its time.
            mode: See the attribute.
            max_megapixels: Larger pictures are refused.
            tap: Is given each packet before it is decoded.

        Raises:
            SourceFaultError: There is no picture stream, or none that can be decoded, or it is too large.
        """
        self.mode = mode
        self.packets = 0
        self.ends = bool(container.duration)
        self._container = container
        self._name, self._timeout, self._encrypted, self._paced = name, timeout, encrypted, paced
        self._believed = not FORMATS_WITHOUT_TIME & set(container.format.name.split(","))
        contexts: list[Any] = [stream.codec_context for stream in container.streams.video]  # None without a decoder
        streams = [stream for stream, context in zip(container.streams.video, contexts, strict=True) if context]
        if not streams:
            what = "the codec of its pictures is not known" if container.streams.video else "it sends no pictures"
            raise SourceFaultError(name, FaultKind.CODEC, what)
        self._stream: Any = max(streams, key=lambda stream: stream.width * stream.height)
        try:
            limit_stream(Path(name), self._stream, max_megapixels=max_megapixels)
        except SourceFormatError as error:
            raise SourceFaultError(
                name, FaultKind.CODEC, f"its pictures of {self._stream.width}×{self._stream.height} are too large",
                remedy="choose a smaller stream, or raise max_megapixels in the settings",
            ) from error  # fmt: skip
        is_large = self._stream.width * self._stream.height > PIXELS_FOR_FRAME_THREADS
        self._stream.thread_type = "AUTO" if is_large else "SLICE"
        self._stream.thread_count = min(os.cpu_count() or 1, decoder_threads(self._stream.width, self._stream.height))
        self.rate: Fraction | None = self._stream.average_rate or None
        self._tap = tap
        if tap is not None:
            tap.begin(self._stream)

    def arrivals(self, left: threading.Event) -> Iterator[Arrival]:
        """Yield every picture until the stream ends; packets that cannot be decoded are left out.

        Args:
            left: Set when nobody wants the pictures any more; then they end.

        Raises:
            SourceFaultError: Reading failed or took too long.
        """
        begun: tuple[float, float] | None = None
        for packet in self._packets():
            if left.is_set():
                return
            self.packets += 1
            if self._tap is not None and packet.size > 0:
                self._tap.take(packet, arrived=time.monotonic(), is_timed=self._believed)
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                continue
            for picture in pictures:
                stamp = (
                    float(picture.pts * picture.time_base) if picture.pts is not None and picture.time_base else None
                )
                arrived = time.monotonic()
                if self._paced and stamp is not None:
                    if begun is None or not 0.0 <= stamp - begun[0] - (arrived - begun[1]) <= HLS_TIMEOUT_SECONDS:
                        begun = (stamp, arrived)  # the first one, one that is late, or another clock
                    left.wait(stamp - begun[0] - (arrived - begun[1]))
                    arrived = time.monotonic()
                yield Arrival(picture, stamp if self._believed else None, arrived)

    def _packets(self) -> Iterator[Any]:
        packets = self._container.demux(self._stream)
        while True:
            asked = time.monotonic()
            try:
                packet = next(packets, None)
            except (av.FFmpegError, OSError) as error:
                raise fault_of(
                    error, name=self._name, waited=time.monotonic() - asked, timeout=self._timeout, encrypted=False
                ) from None
            if packet is None:
                return
            yield packet

    def close(self) -> None:
        """Let go of the stream and its decoder."""
        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.close()
        self._stream = None  # which frees the decoder and its threads, whoever still has this connection


def timeout_of(address: Address, settings: LiveSettings) -> float:
    """Seconds without a frame after which this source is connected to anew."""
    return max(settings.timeout, HLS_TIMEOUT_SECONDS) if _is_playlist(address) else settings.timeout


def connect(address: Address, settings: LiveSettings, *, kind: SourceKind = "live") -> Connection:
    """Open the stream at an address; returns or fails within twice the time limit.

    Args:
        address: Where it is.
        settings: How to read it.
        kind: A recording that is read as ``live`` is played at its own pace; as ``file`` as fast as it comes.

    Raises:
        SourceFaultError: It cannot be opened.
    """
    encrypted = address.scheme in ENCRYPTED_SCHEMES
    timeout = timeout_of(address, settings)
    _look_up(address)
    asked = time.monotonic()
    try:
        container = av.open(
            address.secret,
            options=_options(address, settings),
            timeout=(timeout, timeout + READ_GRACE_SECONDS),
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        waited = time.monotonic() - asked
        raise fault_of(error, name=address.shown, waited=waited, timeout=timeout, encrypted=encrypted) from None
    try:
        return Connection(
            container,
            name=address.shown,
            timeout=timeout,
            encrypted=encrypted,
            paced=kind == "live" and (container.format.name == "hls" or bool(container.duration)),
            max_megapixels=settings.max_megapixels,
            tap=settings.tap,
        )
    except BaseException:
        container.close()
        raise


def _is_playlist(address: Address) -> bool:
    return ".m3u8" in address.path.lower()


def _look_up(address: Address) -> None:
    """FFmpeg reports an unknown host as an error of input like any other."""
    try:
        if address.host:
            socket.getaddrinfo(address.host, None)
    except (socket.gaierror, UnicodeError):
        raise SourceFaultError(
            address.shown, FaultKind.NOT_FOUND, f"the host {address.host} is not known here"
        ) from None


def _options(address: Address, settings: LiveSettings) -> dict[str, str]:
    options = {
        "analyzeduration": ANALYSE_MICROSECONDS,
        "fpsprobesize": "0",  # the rate is not worth waiting for
        "flags": "low_delay",
        "protocol_whitelist": NETWORK_PROTOCOLS,
        **pixel_option(settings.max_megapixels),
    }
    if address.scheme in ("rtsp", "rtsps"):
        options |= {
            "rtsp_transport": settings.transport,
            "allowed_media_types": "video",
            "max_delay": REORDER_MICROSECONDS,
        }
    if address.scheme in ENCRYPTED_SCHEMES:
        authorities = str(settings.tls_ca or ssl.get_default_verify_paths().cafile or "")
        options |= {"tls_verify": "1", **({"ca_file": authorities} if authorities else {})}
    if address.scheme in ("rtmp", "rtmps"):
        options["rtmp_live"] = "live"
    if _is_playlist(address):
        options["live_start_index"] = "-1"  # the newest segment, not the one three back
    return options
