"""The newest frame of a source, made ready for a tile: scaled to its pixels, and altered for privacy."""

from dataclasses import dataclass

import cv2
import numpy as np

from desktop_ui.model.layers import Layers, Privacy
from edgeact.types import Float32, Observation, Person, UInt8

_PERSON_MARGIN = 0.06  # of a box, on each side
_CELLS = 7  # into so many a hidden area is divided: nobody is known by that


@dataclass(frozen=True, slots=True, eq=False)
class ShownFrame:
    """What a tile paints.

    Attributes:
        observation: As drawn: joints and boxes smoothed, in pixels of the frame.
        image: ``(h, w, 4)`` uint8 B, G, R, 255, of the tile's size; what Qt calls RGB32.
        trails: ``(N, 2)`` pixels of the frame by track.
        privacy: What was hidden in the image; crops of the frame have to be altered in the same way.
    """

    observation: Observation
    image: UInt8
    trails: dict[int, Float32]
    privacy: Privacy

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the frame in its own pixels."""
        height, width = self.observation.frame.image.shape[:2]
        return width, height

    def person(self, track_id: int) -> Person | None:
        """The person with this number; None where it is not in the frame."""
        return next((person for person in self.observation.persons if person.track_id == track_id), None)


def fitted_size(width: int, height: int, room: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape as ``width × height`` that fits into ``room``; at least one pixel."""
    share = min(room[0] / max(width, 1), room[1] / max(height, 1))
    return max(1, round(width * share)), max(1, round(height * share))


def make_image(observation: Observation, room: tuple[int, int], layers: Layers) -> UInt8:
    """The frame for a tile with this room in device pixels: ``(h, w, 4)`` uint8 B, G, R, 255."""
    frame = observation.frame.image
    height, width = frame.shape[:2]
    size = fitted_size(width, height, room)
    if layers.hides_picture:
        image = np.zeros((size[1], size[0], 4), np.uint8)
        image[..., 3] = 255
        return image
    shrinks = size[0] < width
    scaled = np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR))
    if layers.privacy in ("heads", "persons"):
        for person in observation.persons:
            hide(scaled, private_area(person, layers.privacy), size[0] / width)
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2BGRA), np.uint8)


def private_area(person: Person, privacy: Privacy) -> Float32:
    """What of a person is hidden: ``(4,)`` in pixels of the frame.

    The head's square, or where no head was found the upper quarter of the box; or with a margin the whole box.
    """
    x0, y0, x1, y1 = (float(value) for value in person.box)
    if privacy == "persons":
        right, down = _PERSON_MARGIN * (x1 - x0), _PERSON_MARGIN * (y1 - y0)
        return np.array([x0 - right, y0 - down, x1 + right, y1 + down], np.float32)
    head = next((part.box for part in person.parts if part.name == "head"), None)
    if head is None:
        return np.array([x0, y0 - 0.05 * (y1 - y0), x1, y0 + 0.3 * (y1 - y0)], np.float32)
    return np.asarray(head, np.float32)


def hide(image: UInt8, area: Float32, scale: float) -> None:
    """Make an area of a picture unrecognisable, in place; what of it lies outside is left out.

    Args:
        image: ``(h, w, 3)`` uint8.
        area: ``(4,)`` in pixels of the frame.
        scale: Pixels of the image for each of the frame.
    """
    x0, y0, x1, y1 = (round(float(value) * scale) for value in area)
    region = image[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    if region.size == 0:
        return
    cells = cv2.resize(region, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA)
    region[:] = cv2.resize(cells, (region.shape[1], region.shape[0]), interpolation=cv2.INTER_LINEAR)
