"""The drawn frames as a video that every browser plays: H.264 in MP4, with the source's own timing and sound."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer

from edgeact.atomic import output_error, partial_path, prepare_partial, publish, remove_partials
from edgeact.capture.base import SourceInfo
from edgeact.capture.clock import MediaClock
from edgeact.capture.container import open_media
from edgeact.capture.packets import opening_clock
from edgeact.errors import OutputError, SourceFormatError, SourceNotFoundError
from edgeact.media.encoder import PictureEncoder, check_size
from edgeact.media.sound import SoundTrack, sound_rates
from edgeact.memory import DEFAULT_MEMORY
from edgeact.sinks.base import SinkInput
from edgeact.types import Event, Observation, UInt8

FALLBACK_FRAME_RATE = Fraction(25)  # for sources that announce none
MAXIMUM_FRAME_RATE = Fraction(1000)  # what a broken header may announce beyond this would only upset the encoder
# A source whose pictures end this close to their announced end is complete: announcements are rounded.
END_TOLERANCE_SECONDS = 1.0
# The written video lasts as long as it should, but for this: clocks are rounded.
LENGTH_TOLERANCE_SECONDS, LENGTH_TOLERANCE_SHARE = 0.1, 0.001


class VideoSink:
    """Writes the picture of every result at the frame's own time.

    The video has the size of the first picture, made even by repeating the last column or row. Pictures of another size
    are fitted into it, on black. The source's sound is copied, or coded as AAC where a browser could not play it, and
    keeps its distance to the pictures; when they end early (Ctrl-C), it ends with them. The last picture is shown as
    long as the source says.

    A video without any frame is not published: nothing appears under the final name.

    Attributes:
        message: After `close`: one line on what of the source the video does not hold, or None.
    """

    def __init__(
        self,
        path: Path,
        *,
        info: SourceInfo,
        source_path: Path | None,
        clock: MediaClock | None = None,
        memory: int = DEFAULT_MEMORY,
    ) -> None:
        """Create the file under its temporary name.

        Args:
            path: The final name.
            info: The source: its frame rate guides the encoder, its duration tells whether the pictures are complete.
            source_path: Where the sound comes from, or None.
            clock: Decides the times of pictures and sound, as the source keeps it; None takes the file's timestamps.
            memory: Bytes that frames, decoder and encoder may take together (see `edgeact.memory`).

        Raises:
            OutputError: The file cannot be created, it is the source itself, or the pictures are too large for H.264.
        """
        if source_path is not None and path.exists() and path.samefile(source_path):
            raise OutputError(f"{path} is the source itself and would be written over; choose another --out")
        check_size(info.width, info.height, name=info.name)
        self._path = path
        self._info = info
        self._source_path = source_path
        self._memory = memory
        self._clock = clock
        self.message: str | None = None
        self._encoder: PictureEncoder | None = None
        self._sound: SoundTrack | None = None
        self._closed = False
        partial = prepare_partial(path)
        try:
            # The index goes to the front when all is written, so that a browser can begin before it has the whole file.
            self._output: OutputContainer = av.open(
                f"file:{partial}", "w", format="mp4", options={"movflags": "+faststart"}
            )
        except (av.FFmpegError, OSError) as error:
            remove_partials(path)
            raise output_error(path, error) from error

    @property
    def takes(self) -> frozenset[SinkInput]:
        """Drawn pictures."""
        return frozenset({"pictures"})

    def write_event(self, event: Event) -> None:
        """Do nothing: what is in force is drawn already."""

    def write(self, observation: Observation, picture: UInt8 | None) -> None:
        """Encode one picture; without one, the frame as it is. After a failure the temporary file is gone.

        Args:
            observation: Its frame gives the time.
            picture: ``(H, W, 3)`` uint8 RGB, or None.

        Raises:
            OutputError: The disk is full or the folder is gone.
            ValueError: The sink was closed before.
        """
        if self._closed:
            raise ValueError(f"{self._path} is closed and takes no more frames")
        image = observation.frame.image if picture is None else picture
        with self._writing():
            if self._encoder is None:
                self._encoder = self._start(image)
            self._output.mux(self._encoder.encode(image, observation.frame.time, duration=observation.frame.duration))
            if self._sound is not None:
                self._sound.mux_until(observation.frame.time)

    def close(self) -> None:
        """Finish and publish the file; does nothing after the first time, or after `abort`.

        Raises:
            OutputError: It cannot be completed; nothing is left then.
        """
        if self._closed:
            return
        if self._encoder is None:
            self.abort()
            return
        with self._writing():
            if self._clock is not None and self._clock.finished:  # what `every` left out counts
                self._encoder.extend(max(self._clock.end, self._encoder.end))
            self._output.mux(self._encoder.flush())
            if self._sound is not None:
                self._sound.mux_until(self._sound_end(self._encoder), is_last=True)
                self._sound.finish()
            self._output.close()
            self.message = self._describe(self._encoder)
        self._closed = True
        self._release()
        publish(self._path)

    def abort(self) -> None:
        """Leave nothing; does nothing after `close`."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(
            av.FFmpegError, OSError
        ):  # what FFmpeg still holds may not fit on the disk: it is not wanted
            self._output.close()
        self._release()
        remove_partials(self._path)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (av.FFmpegError, OSError) as error:
            self.abort()
            raise output_error(self._path, error) from error

    def _release(self) -> None:
        if self._sound is not None:
            self._sound.close()

    def _start(self, image: UInt8) -> PictureEncoder:
        height, width = image.shape[:2]
        frame_rate = min(self._info.frame_rate or FALLBACK_FRAME_RATE, MAXIMUM_FRAME_RATE)
        source = self._open_source()
        rates = [] if source is None else sound_rates(source)
        encoder = PictureEncoder(
            self._output,
            width=width,
            height=height,
            frame_rate=frame_rate,
            pixel_shape=self._info.pixel_shape,
            memory=self._memory,
            finest_clock=max(rates, default=0),
        )
        if source is not None and self._source_path is not None:
            clock = self._clock or self._opening_clock(self._source_path)
            self._sound = SoundTrack(source, self._output, clock=clock, written=encoder.written)
        return encoder

    def _open_source(self) -> InputContainer | None:
        # A source that cannot be opened here (any more) has no sound; its pictures come another way and are not at
        # fault.
        if self._source_path is None or not self._source_path.is_file():
            return None
        try:
            return open_media(self._source_path)
        except (SourceFormatError, SourceNotFoundError):
            return None

    def _opening_clock(self, path: Path) -> MediaClock:
        with open_media(path) as source:
            return opening_clock(source, source.streams.video[0]) if source.streams.video else MediaClock()

    def _sound_end(self, encoder: PictureEncoder) -> float:
        """Until when sound is wanted: all of it when the pictures are complete, else only as far as they go."""
        if self._clock is not None:
            complete = self._clock.finished
        else:
            announced = self._info.duration
            complete = announced is None or encoder.end >= announced - max(END_TOLERANCE_SECONDS, 2 * encoder.step)
        return float("inf") if complete else encoder.end

    def _describe(self, encoder: PictureEncoder) -> str | None:
        """Compare what was written with what should have been."""
        words = [] if self._sound is None or self._sound.message is None else [self._sound.message]
        with av.open(f"file:{partial_path(self._path)}", "r") as written:
            stream = written.streams.video[0]
            seconds = float((stream.duration or 0) * (stream.time_base or 0))
        intended = encoder.intended_seconds
        if abs(seconds - intended) > max(LENGTH_TOLERANCE_SECONDS, LENGTH_TOLERANCE_SHARE * intended):
            words.insert(
                0,
                f"the written video lasts {seconds:.2f} s instead of {intended:.2f} s: an MP4 cannot hold such a pause "
                "between two pictures; the times in the data are right",
            )
        return "; ".join(words) or None
