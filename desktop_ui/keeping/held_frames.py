"""The last pictures of a source, with who was in them: for a look back, for event clips and for corrections."""

import bisect
import threading
from collections import deque
from dataclasses import dataclass, replace

import cv2
import numpy as np

from edgeact.privacy.areas import PrivacyMode
from edgeact.types import Frame, Observation, Person, UInt8

MOST_A_SECOND = 10.0  # of pictures that are held; more cost time and show little more
# Of a source: a minute of a calm scene, half a minute of one that is full of detail.
MOST_BYTES = 24 * 2**20
_LONGEST_SIDE = 960
_QUALITY = 82  # of JPEG: a fifth of the bytes of 95, and the difference is not seen at this size
# A time that lies further than this from every held picture is not held.
NEAR_SECONDS = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class HeldFrame:
    """One picture that is held.

    Attributes:
        seen: Who was in it; its frame has the right size and no picture.
        jpeg: The picture, scaled.
        privacy: What was hidden in it.
    """

    seen: Observation
    jpeg: bytes
    privacy: PrivacyMode

    @property
    def captured(self) -> float:
        """When it was captured, of `time.monotonic`."""
        return self.seen.frame.captured

    @property
    def time(self) -> float:
        """Of the source, in seconds."""
        return self.seen.frame.time

    def picture(self) -> UInt8:
        """The picture as it is held: ``(h, w, 3)`` uint8 RGB."""
        decoded = cv2.imdecode(np.frombuffer(self.jpeg, np.uint8), cv2.IMREAD_COLOR)
        return np.asarray(cv2.cvtColor(np.asarray(decoded), cv2.COLOR_BGR2RGB), np.uint8)

    def full_picture(self) -> UInt8:
        """The picture in the frame's own size: ``(H, W, 3)`` uint8 RGB."""
        height, width = self.seen.frame.image.shape[:2]
        picture = self.picture()
        if picture.shape[:2] != (height, width):
            picture = np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)
        return picture

    def observation(self) -> Observation:
        """Who was seen, in a picture of the frame's own size."""
        return replace(self.seen, frame=replace(self.seen.frame, image=self.full_picture()))


class HeldFrames:
    """Holds the newest pictures of one source; may be used from any thread.

    Args:
        most_bytes: That the pictures may take.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._lock = threading.Lock()
        self._frames: deque[HeldFrame] = deque()
        self._most_bytes, self._bytes = most_bytes, 0
        self._next = float("-inf")

    def note(self, observation: Observation, privacy: PrivacyMode) -> None:
        """Hold a perceived frame, if the last one that is held is old enough.

        Args:
            observation: Its picture hides what is to be hidden.
            privacy: What that is.
        """
        frame = observation.frame
        if frame.captured < self._next:
            return
        self._next = max(self._next + 1 / MOST_A_SECOND, frame.captured + 0.5 / MOST_A_SECOND)
        held = HeldFrame(without_picture(observation), encode_jpeg(frame.image, _LONGEST_SIDE), privacy)
        with self._lock:
            self._frames.append(held)
            self._bytes += len(held.jpeg)
            while self._bytes > self._most_bytes and len(self._frames) > 1:
                self._bytes -= len(self._frames.popleft().jpeg)

    @property
    def bytes_held(self) -> int:
        """That the pictures take now."""
        with self._lock:
            return self._bytes

    def nearest(self, captured: float) -> HeldFrame | None:
        """The picture nearest to a time (of `time.monotonic`); None where none is within `NEAR_SECONDS`."""
        frames = self.all()
        place = bisect.bisect_left([frame.captured for frame in frames], captured)
        near = [frames[number] for number in (place - 1, place) if 0 <= number < len(frames)]
        best = min(near, key=lambda frame: abs(frame.captured - captured), default=None)
        return best if best is not None and abs(best.captured - captured) <= NEAR_SECONDS else None

    def between(self, start: float, end: float) -> tuple[HeldFrame, ...]:
        """All that are held from one time to another (of `time.monotonic`)."""
        return tuple(frame for frame in self.all() if start <= frame.captured <= end)

    def all(self) -> tuple[HeldFrame, ...]:
        """All that are held, oldest first."""
        with self._lock:
            return tuple(self._frames)


def encode_jpeg(image: UInt8, longest_side: int) -> bytes:
    """An ``(H, W, 3)`` uint8 RGB picture as JPEG, scaled down where a side is longer."""
    height, width = image.shape[:2]
    share = min(1.0, longest_side / max(width, height))
    if share < 1.0:
        size = (max(1, round(width * share)), max(1, round(height * share)))
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    _, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return encoded.tobytes()


def without_picture(observation: Observation) -> Observation:
    """The same observation with a frame that takes no memory, and without maps."""
    frame: Frame = observation.frame
    empty: UInt8 = np.broadcast_to(np.zeros((1, 1, 3), np.uint8), frame.image.shape)
    return replace(
        observation,
        frame=replace(frame, image=empty),
        persons=tuple(_without_maps(person) for person in observation.persons),
        scene=(),
        attention=(),
        detections=(),
    )


def _without_maps(person: Person) -> Person:
    readings = tuple(replace(reading, attention=()) for reading in person.readings)
    return replace(person, attention=(), readings=readings)
