"""The newest frame of a source, made ready for a tile: scaled to its pixels."""

from dataclasses import dataclass

import cv2
import numpy as np

from desktop_ui.model.layers import Layers
from edgeact.privacy.areas import PrivacyMode
from edgeact.types import Float32, Observation, Person, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class ShownFrame:
    """What a tile paints.

    Attributes:
        observation: As drawn: joints and boxes smoothed, in pixels of the frame, and corrected by the operator.
        image: ``(h, w, 4)`` uint8 B, G, R, 255, of the tile's size; what Qt calls RGB32.
        trails: ``(N, 2)`` pixels of the frame by person.
        privacy: What was hidden in the frame before; None where that is not known.
        seen: The same before it was corrected.
        seen_trails: By the track of ``seen``.
    """

    observation: Observation
    image: UInt8
    trails: dict[int, Float32]
    privacy: PrivacyMode | None
    seen: Observation
    seen_trails: dict[int, Float32]

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the frame in its own pixels."""
        height, width = self.observation.frame.image.shape[:2]
        return width, height

    @property
    def hides_persons(self) -> bool:
        """Whether persons are hidden as a whole, so that nothing of them may be shown enlarged."""
        return self.privacy in ("persons", "skeleton")

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
    return np.asarray(cv2.cvtColor(scaled, cv2.COLOR_RGB2BGRA), np.uint8)
