"""Head and hands of one person: their squares marked, and shown enlarged along an edge of the picture."""

import cv2
import numpy as np

from edgeact.drawing.label_places import Rectangle
from edgeact.drawing.style import DARK, FONT, LIGHT, THINNEST, track_colour
from edgeact.geometry import box_area
from edgeact.types import Float32, Observation, Person, UInt8

_PART_NAMES = {"head": "head", "right_hand": "R hand", "left_hand": "L hand"}
_STRIP_SECONDS = 2.0  # for so long another edge must suit the insets better before they move there
_LARGEST_SHARE = 0.25  # of the picture: squares of parts, and insets together, that are larger are left out
_HAND_SHARE = 0.5  # of a hand's square is shown enlarged: the whole of it holds half of the body


class InsetStrip:
    """Whose parts are shown enlarged, the selected or the largest person's, and along which edge: where fewer people
    are. Both stay for some time, so that they do not jump to and fro.

    Args:
        selected: Track whose parts are shown wherever it is seen; without one, the largest person's.
    """

    def __init__(self, selected: int | None = None) -> None:
        self._selected = selected
        self._shown: int | None = None
        self._larger_since: float | None = None
        self._at_bottom: bool | None = None
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

    def is_at_bottom(self, observation: Observation, side: int) -> bool:
        """For the next frame of a source, with insets of so many pixels."""
        height = observation.frame.image.shape[0]
        lower = sum(float(person.box[3]) > height - side for person in observation.persons)
        upper = sum(float(person.box[1]) < side for person in observation.persons)
        if self._at_bottom is None:
            self._at_bottom = lower <= upper
        if lower == upper or (lower < upper) == self._at_bottom:
            self._better_since = None
        elif self._better_since is None:
            self._better_since = observation.frame.time
        elif observation.frame.time - self._better_since >= _STRIP_SECONDS:
            self._at_bottom, self._better_since = not self._at_bottom, None
        return self._at_bottom


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
    image: UInt8, observation: Observation, person: Person, scale: float, strip: InsetStrip
) -> list[Rectangle]:
    """Head and hands of a person, enlarged, along the upper or lower edge; returns where."""
    original = observation.frame.image
    height, width = image.shape[:2]
    side, gap = max(24, height // 8), max(2, round(3 * scale))
    count = len(person.parts)
    too_large = count * (side + gap) ** 2 > _LARGEST_SHARE * height * width
    if too_large or side + 2 * gap > height or gap + count * (side + gap) > width:
        return []
    x, y = gap, height - side - gap if strip.is_at_bottom(observation, side + gap) else gap
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
