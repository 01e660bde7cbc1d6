"""Head and hands of one person: their squares marked, and shown enlarged along an edge of the picture."""

from collections.abc import Sequence

import cv2
import numpy as np

from edgeact.drawing.label_places import Rectangle, meet
from edgeact.drawing.style import DARK, FONT, LIGHT, THINNEST, track_colour
from edgeact.geometry import box_area
from edgeact.types import Float32, Observation, Person, UInt8

_PART_NAMES = {"head": "head", "right_hand": "R hand", "left_hand": "L hand"}
_STRIP_SECONDS = 2.0  # for so long another place must suit the insets better before they move there
# Where they may stand: from left to right and from top to bottom as a share of the free room; the first is preferred.
_SLOTS = ((0.0, 1.0), (0.5, 1.0), (1.0, 1.0), (0.0, 0.0), (0.5, 0.0), (1.0, 0.0))
_LARGEST_SHARE = 0.25  # of the picture: squares of parts, and insets together, that are larger are left out
_HAND_SHARE = 0.5  # of a hand's square is shown enlarged: the whole of it holds half of the body


class InsetStrip:
    """Whose parts are shown enlarged, the selected or the largest person's, and where: at an edge, where they cover
    least of people. Both stay for some time, so that they do not jump to and fro.

    Args:
        selected: Track whose parts are shown wherever it is seen; without one, the largest person's.
    """

    def __init__(self, selected: int | None = None) -> None:
        self._selected = selected
        self._shown: int | None = None
        self._larger_since: float | None = None
        self._slot: tuple[float, float] | None = None
        self._better_since: float | None = None

    def choose(self, observation: Observation) -> Person | None:
        """Whose parts are shown in the next frame of a source; None where nobody is."""
        by_track = {person.track_id: person for person in observation.persons}
        if self._selected in by_track:
            return by_track[self._selected]
        largest = max(observation.persons, key=lambda person: float(box_area(person.box)), default=None)
        shown = None if self._shown is None else by_track.get(self._shown)
        time = observation.frame.time
        if largest is None or shown is None or largest is shown:
            self._larger_since, shown = None, largest
        elif self._larger_since is None or time < self._larger_since:
            self._larger_since = time
        elif time - self._larger_since >= _STRIP_SECONDS:
            self._larger_since, shown = None, largest
        self._shown = None if shown is None else shown.track_id
        return shown

    def place(self, observation: Observation, size: tuple[int, int], taken: Sequence[Rectangle]) -> tuple[int, int]:
        """Left and upper edge of the insets in the next frame of a source: along the lower or upper edge of the
        picture, at the left, in the middle or at the right, where they cover least of people.

        Args:
            observation: Of the frame.
            size: Width and height of all insets together.
            taken: Rectangles of other insets; they stand there only where no other place is left.
        """
        height, width = observation.frame.image.shape[:2]
        free = max(width - size[0], 0), max(height - size[1], 0)
        places = {slot: (round(slot[0] * free[0]), round(slot[1] * free[1])) for slot in _SLOTS}
        covered = {slot: _covered(observation, place, size, taken) for slot, place in places.items()}
        best = min(_SLOTS, key=lambda slot: covered[slot])
        time = observation.frame.time
        if self._slot is None:
            self._slot = best
        elif covered[best] >= covered[self._slot]:
            self._better_since = None
        elif self._better_since is None or time < self._better_since:
            self._better_since = time
        elif time - self._better_since >= _STRIP_SECONDS:
            self._slot, self._better_since = best, None
        return places[self._slot]


def _covered(
    observation: Observation, place: tuple[int, int], size: tuple[int, int], taken: Sequence[Rectangle]
) -> float:
    """How much of people insets would cover, in pixels; the whole picture more for each rectangle that is taken."""
    start, end = np.array(place, np.float32), np.array(place, np.float32) + np.array(size, np.float32)
    covered = 0.0
    for person in observation.persons:
        extent = np.minimum(person.box[2:], end) - np.maximum(person.box[:2], start)
        across, down = (max(float(length), 0.0) for length in extent)
        covered += across * down
    rectangle = (place[0], place[1], place[0] + size[0], place[1] + size[1])
    height, width = observation.frame.image.shape[:2]
    return covered + float(height * width * sum(meet(rectangle, other) for other in taken))


def mark_parts(image: UInt8, person: Person, scale: float) -> None:
    """The corners of each part's square: whole squares would hide the person; in place."""
    red, green, blue = track_colour(person.track_id)
    colour = ((red + 255) // 2, (green + 255) // 2, (blue + 255) // 2)
    for part in person.parts:
        if box_area(part.box) > _LARGEST_SHARE * image.shape[0] * image.shape[1]:
            continue
        x0, y0, x1, y1 = (round(float(value)) for value in part.box)
        corner = max(3, (x1 - x0) // 9)
        corners = ((x0, y0, 1, 1), (x1, y0, -1, 1), (x0, y1, 1, -1), (x1, y1, -1, -1))
        angles = [
            np.array([(x + right * corner, y), (x, y), (x, y + down * corner)], np.int32)
            for x, y, right, down in corners
        ]
        cv2.polylines(image, angles, False, colour, max(THINNEST, round(0.8 * scale)), cv2.LINE_AA)


def draw_insets(
    image: UInt8,
    observation: Observation,
    person: Person,
    scale: float,
    strip: InsetStrip,
    taken: Sequence[Rectangle] = (),
) -> list[Rectangle]:
    """Head and hands of a person, enlarged, along the upper or lower edge, if possible beside what is taken; returns
    where.
    """
    original = observation.frame.image
    height, width = image.shape[:2]
    side, gap = max(24, height // 8), max(2, round(3 * scale))
    count = len(person.parts)
    too_large = count * (side + gap) ** 2 > _LARGEST_SHARE * height * width
    if too_large or side + 2 * gap > height or gap + count * (side + gap) > width:
        return []
    # Room for all parts, so that the others stay where they are when a hand is out of sight.
    room = (gap + len(_PART_NAMES) * (side + gap), side + 2 * gap)
    x, y = (edge + gap for edge in strip.place(observation, room, taken))
    places = []
    for part in person.parts:
        thumbnail = _cut(original, part.box if part.name == "head" else _middle(part.box, _HAND_SHARE), side)
        image[y : y + side, x : x + side] = thumbnail
        thickness = max(THINNEST, round(scale))
        cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), track_colour(person.track_id), thickness)
        if side >= 48:
            place = (x + 3, y + side - 5)
            for colour, thickness in ((DARK, 3), (LIGHT, 1)):
                cv2.putText(image, _PART_NAMES[part.name], place, FONT, side / 190, colour, thickness, cv2.LINE_AA)
        places.append((x, y, x + side, y + side))
        x += side + gap
    return places


def _middle(box: Float32, share: float) -> Float32:
    """The middle of a square: a square with this share of its side."""
    inset = (box[2:] - box[:2]) * (1 - share) / 2
    return np.concatenate([box[:2] + inset, box[2:] - inset])


def _cut(image: UInt8, box: Float32, side: int) -> UInt8:
    """A square box of the picture, to the nearest pixel, at a size; beyond the picture it is dark."""
    x, y = round(float(box[0])), round(float(box[1]))
    extent = max(round(float(box[2] - box[0])), 1)
    cut = image[max(y, 0) : max(y + extent, 0), max(x, 0) : max(x + extent, 0)]
    if cut.size == 0:
        cut = np.full((1, 1, 3), DARK, np.uint8)
    elif cut.shape[:2] != (extent, extent):
        top, left = max(-y, 0), max(-x, 0)
        bottom, right = extent - top - cut.shape[0], extent - left - cut.shape[1]
        cut = np.asarray(cv2.copyMakeBorder(cut, top, bottom, left, right, cv2.BORDER_CONSTANT, value=DARK), np.uint8)
    return np.asarray(cv2.resize(cut, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
