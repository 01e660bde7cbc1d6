"""Draws what is known of a frame into a copy of it: who, in which pose, doing what, and where that was seen.

Everything is sized by the picture, so that it reads the same at 320×240 and at 4K. Only the boxes of persons are
blended; the rest of the frame is copied once.
"""

import colorsys
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from edgeact.geometry import box_area
from edgeact.label_places import Rectangle, face_rectangle, place_label
from edgeact.plain_text import printable
from edgeact.scene_labels import SceneCorner, draw_scene_labels
from edgeact.skeleton import Skeleton
from edgeact.types import AttentionMap, Float32, Observation, Person, Pose, Reading, UInt8

Colour: TypeAlias = tuple[int, int, int]

_LEFT: Colour = (80, 200, 255)
_RIGHT: Colour = (255, 150, 60)
_MIDDLE: Colour = (245, 245, 245)
_SIDES = (_LEFT, _RIGHT, _MIDDLE)
_DARK: Colour = (18, 20, 24)
_FONT = cv2.FONT_HERSHEY_DUPLEX
# Of the picture's shorter side, at which a bone is two pixels wide and text has half of the font's size
_REFERENCE_SIDE = 480
_STRONGEST_BLEND = 0.62  # of the attention map: what is under it stays visible
_FAINTEST = 40  # levels of the attention map, of 255, up to which nothing is drawn
_GOLDEN_RATIO = 0.618034  # steps of the hue: neighbours in number are far apart in colour, whatever their count
_PART_NAMES = {"head": "head", "right_hand": "R hand", "left_hand": "L hand"}
_SHIFT = 3  # bits of a pixel's fraction that OpenCV takes for lines
# Pixels: video keeps colour for every second pixel only, in which a thinner line would come and go as it moves
_THINNEST = 2
_SMALLEST_RIM_SCALE = 0.75  # in smaller pictures people are few pixels wide: rims would fill them
_STRIP_SECONDS = 2.0  # for so long another edge must suit the insets better before they move there
_LARGEST_SHARE = 0.25  # of the picture: squares of parts, and insets together, that are larger are left out
_FACING = (
    0.3  # sine of the angle between the line from eye to eye and the body, from which a face is seen from the front
)
_HAND_SHARE = 0.5  # of a hand's square is shown enlarged: the whole of it holds half of the body


def track_colour(track_id: int) -> Colour:
    """The colour of a track, the same in every frame: R, G, B."""
    red, green, blue = colorsys.hsv_to_rgb((0.36 + track_id * _GOLDEN_RATIO) % 1.0, 0.72, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)


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


def draw(
    observation: Observation,
    *,
    skeleton: Skeleton | None,
    joint_confidence: float,
    strip: InsetStrip | None = None,
    corner: SceneCorner | None = None,
) -> UInt8:
    """A copy of the frame with everything drawn into it.

    Args:
        observation: Of one frame.
        skeleton: What its poses follow; None where the bundle follows no persons.
        joint_confidence: Joints that are less confident are not drawn.
        strip: Remembers where the insets were in the frames before; without one each frame stands for itself.
        corner: Remembers where the labels of the scene were in the frames before.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    image = observation.frame.image.copy()
    scale = max(min(image.shape[:2]) / _REFERENCE_SIDE, 0.5)
    for attention in shown_scene_attention(observation):
        _blend_attention(image, attention)
    faces: dict[int, Rectangle] = {}
    taken: list[Rectangle] = []
    if skeleton is not None:
        _draw_persons(image, observation, skeleton, joint_confidence, scale, strip or InsetStrip(), faces, taken)
    draw_scene_labels(
        image,
        observation.scene,
        scale=scale,
        corner=corner or SceneCorner(),
        faces=list(faces.values()),
        taken=taken,
    )
    return image


def _draw_persons(
    image: UInt8,
    observation: Observation,
    skeleton: Skeleton,
    joint_confidence: float,
    scale: float,
    strip: InsetStrip,
    faces: dict[int, Rectangle],
    taken: list[Rectangle],
) -> None:
    """All persons, in place; adds where their faces are, by track, and where labels and insets were drawn."""
    for person in observation.persons:
        for attention in shown_attention(person):
            _blend_attention(image, attention)
    chosen = strip.choose(observation)
    for person in observation.persons:
        _draw_box(image, person.box, track_colour(person.track_id), scale)
        if person is chosen:
            _draw_parts(image, person, scale)
        _draw_pose(image, person, skeleton=skeleton, threshold=joint_confidence, scale=scale)
    if chosen is not None:
        taken += _draw_insets(image, observation, chosen, scale, strip)
    for person in observation.persons:
        faces[person.track_id] = face_rectangle(person, skeleton=skeleton, threshold=joint_confidence)
    for person in sorted(observation.persons, key=lambda person: float(person.box[1])):
        _draw_label(image, person, scale, joint_confidence, faces, taken)


@lru_cache(maxsize=1)
def _heat_tables() -> tuple[UInt8, UInt8]:
    """For each level of attention: the colour to add and the share of the picture to keep, both ``(1, 256, 3)``
    uint8.
    """
    levels = np.arange(256, dtype=np.uint8)
    colours = cv2.applyColorMap(levels[:, None], cv2.COLORMAP_INFERNO)[:, 0, ::-1].astype(np.float32)
    # The maps' far tails would only dim the picture: what is shown starts at the visible part of the colour map.
    share = (
        _STRONGEST_BLEND * np.clip((levels.astype(np.float32) - _FAINTEST) / (255 - _FAINTEST), 0, 1)[:, None] ** 0.6
    )
    added = np.round(colours * share).astype(np.uint8)[None]
    kept = np.repeat(np.round(255 * (1 - share)).astype(np.uint8), 3, 1)[None]
    return added, kept


def _blend_attention(image: UInt8, attention: AttentionMap) -> None:
    """Lay the map over its box, in place.

    Colour and transparency are looked up for the map's few cells and then enlarged: looking them up for every pixel
    takes twice as long, and so would a warp that places them to a fraction of a pixel.
    """
    left, top, right, bottom = (float(value) for value in attention.box)
    if right - left < 1 or bottom - top < 1:
        return
    level = np.asarray(attention.values * 255, np.uint8)
    shown = level > _FAINTEST  # most of a crop is far from every joint
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    if len(rows) == 0:
        return
    # The shown cells and one around them, and the pixels that they cover.
    row0, row1 = max(0, int(rows[0]) - 1), min(level.shape[0], int(rows[-1]) + 2)
    column0, column1 = max(0, int(columns[0]) - 1), min(level.shape[1], int(columns[-1]) + 2)
    per_column, per_row = (right - left) / level.shape[1], (bottom - top) / level.shape[0]
    x0, x1 = round(left + column0 * per_column), round(left + column1 * per_column)
    y0, y1 = round(top + row0 * per_row), round(top + row1 * per_row)
    region = image[max(0, y0) : max(0, y1), max(0, x0) : max(0, x1)]
    if region.size == 0 or x1 <= x0 or y1 <= y0:
        return
    cells = cv2.merge([level[row0:row1, column0:column1]] * 3)
    inside = np.s_[max(0, -y0) : max(0, -y0) + region.shape[0], max(0, -x0) : max(0, -x0) + region.shape[1]]
    added, kept = (
        cv2.resize(cv2.LUT(cells, table), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)[inside]
        for table in _heat_tables()
    )
    cv2.add(cv2.multiply(region, kept, scale=1 / 255), added, dst=region)


def _draw_box(image: UInt8, box: Float32, colour: Colour, scale: float) -> None:
    x0, y0, x1, y1 = (round(float(value)) for value in box)
    cv2.rectangle(image, (x0, y0), (x1, y1), colour, max(_THINNEST, round(1.2 * scale)), cv2.LINE_AA)


def _draw_parts(image: UInt8, person: Person, scale: float) -> None:
    """The corners of each part's square: whole squares would hide the person."""
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
        cv2.polylines(image, angles, False, colour, max(_THINNEST, round(0.8 * scale)), cv2.LINE_AA)


@dataclass(frozen=True, slots=True, eq=False)
class _Layout:
    """What of a skeleton is drawn how: bones ``(B, 2)``, and for bones and joints which of `_SIDES`; which joints are
    of the face.
    """

    bones: npt.NDArray[np.intp]
    bone_sides: npt.NDArray[np.intp]
    joint_sides: npt.NDArray[np.intp]
    is_face: npt.NDArray[np.bool_]


@lru_cache(maxsize=8)
def _layout(skeleton: Skeleton) -> _Layout:
    def side(*joints: int) -> int:
        names = [skeleton.joints[joint] for joint in joints]
        return next(
            (index for index, start in enumerate(("left", "right")) if any(name.startswith(start) for name in names)), 2
        )

    return _Layout(
        bones=np.array(skeleton.bones, np.intp).reshape(-1, 2),
        bone_sides=np.array([side(*bone) for bone in skeleton.bones], np.intp),
        joint_sides=np.array([side(joint) for joint in range(len(skeleton.joints))], np.intp),
        is_face=np.array([name.endswith(("eye", "ear")) for name in skeleton.joints], np.bool_),
    )


def _draw_pose(image: UInt8, person: Person, *, skeleton: Skeleton, threshold: float, scale: float) -> None:
    """Bones between sure joints, left and right in their own colours, with a dark rim that keeps them visible on any
    background.
    """
    layout = _layout(skeleton)
    points = np.round(person.pose.joints * (1 << _SHIFT)).astype(np.int32)
    sure = person.pose.confidence >= threshold
    if not faces_camera(person.pose, skeleton=skeleton, threshold=threshold):
        sure = sure & ~layout.is_face
    width = max(_THINNEST, round(2 * scale))
    shown = sure[layout.bones].all(1)
    rim = round(1.5 * scale) if scale >= _SMALLEST_RIM_SCALE else 0
    _draw_lines(image, points[layout.bones[shown]], layout.bone_sides[shown], width, rim=rim)
    for joint in np.flatnonzero(sure).tolist():
        radius = max(_THINNEST, round((0.6 if layout.is_face[joint] else 1.0) * 4.8 * scale)) / 2
        place = (int(points[joint, 0]), int(points[joint, 1]))
        if rim:
            cv2.circle(image, place, round((radius + 0.5) * (1 << _SHIFT)), _DARK, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(
            image, place, round(radius * (1 << _SHIFT)), _SIDES[layout.joint_sides[joint]], -1, cv2.LINE_AA, _SHIFT
        )


def faces_camera(pose: Pose, *, skeleton: Skeleton, threshold: float) -> bool:
    """Whether a face is seen from the front: nose and eyes are sure, and the left eye is on the body's left side as it
    is seen from there. Of heads from behind networks guess a face that is mirrored, or none.
    """
    needed = ("nose", "left_eye", "right_eye", "left_shoulder", "right_shoulder")
    if not set(needed) <= set(skeleton.joints):
        return False
    joints = [skeleton.index(name) for name in needed]
    if (pose.confidence[joints[:3]] < threshold).any():
        return False
    _, left_eye, right_eye, left_shoulder, right_shoulder = pose.joints[joints].astype(float)
    up = (left_eye + right_eye - left_shoulder - right_shoulder) / 2
    across = left_eye - right_eye
    length = float(np.hypot(*up) * np.hypot(*across))
    return length > 0 and float(up[0] * across[1] - up[1] * across[0]) > _FACING * length


def _draw_lines(
    image: UInt8, lines: npt.NDArray[np.int32], sides: npt.NDArray[np.intp], width: int, *, rim: int
) -> None:
    """Lines ``(N, 2, 2)`` in eighths of pixels, first the rims of all: one call for each colour is much quicker than
    one for each line.
    """
    if len(lines) == 0:
        return
    if rim:
        cv2.polylines(image, list(lines), False, _DARK, width + rim, cv2.LINE_AA, _SHIFT)
    for index, colour in enumerate(_SIDES):
        chosen = lines[sides == index]
        if len(chosen):
            cv2.polylines(image, list(chosen), False, colour, width, cv2.LINE_AA, _SHIFT)


def shown_attention(person: Person) -> tuple[AttentionMap, ...]:
    """The map that is laid over a person: the first of its action heads, or else one that belongs to none of them."""
    return _first_map(person.readings, person.attention)


def shown_scene_attention(observation: Observation) -> tuple[AttentionMap, ...]:
    """The map that is laid over the whole frame."""
    return _first_map(observation.scene, observation.attention)


def _first_map(readings: tuple[Reading, ...], others: tuple[AttentionMap, ...]) -> tuple[AttentionMap, ...]:
    return next((reading.attention[:1] for reading in readings if reading.attention), others[:1])


def label_text(person: Person) -> str:
    """What stands over a person: the track, and the actions of the first head in force with their smoothed scores."""
    words = [f"#{person.track_id}"]
    for reading in person.readings[:1]:
        for label, score in zip(reading.labels, reading.scores, strict=True):
            words.append(f"{printable(label.replace('_', ' '))} {score:.0%}")
    return " ".join(words)


def _draw_label(
    image: UInt8,
    person: Person,
    scale: float,
    threshold: float,
    faces: dict[int, Rectangle],
    taken: list[Rectangle],
) -> None:
    """Text on a filled plate over the person's box and head, which may reach out of it; adds the plate to ``taken``."""
    text, size = label_text(person), 0.5 * max(scale, 0.8)
    thickness = 1 if size < 0.9 else 2
    (width, height), baseline = cv2.getTextSize(text, _FONT, size, thickness)
    margin = max(2, height // 3)
    x0, y0, x1, y1 = (round(float(value)) for value in person.box)
    sure = person.pose.joints[person.pose.confidence >= threshold]
    top = y0 if len(sure) == 0 else min(y0, round(float(sure[:, 1].min()) - 3 * scale))
    place = place_label(
        (width + 2 * margin, height + baseline + margin),
        box=(x0, top - 1, x1, y1),
        picture=(image.shape[1], image.shape[0]),
        own_face=faces[person.track_id],
        faces=[face for track_id, face in faces.items() if track_id != person.track_id],
        taken=taken,
    )
    if place is None:
        return  # in a crowd as dense as that the colour of the box has to do
    taken.append(place)
    colour = track_colour(person.track_id)
    cv2.rectangle(image, place[:2], place[2:], colour, -1)
    red, green, blue = colour
    ink = _DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else _MIDDLE
    start = (place[0] + margin, place[1] + margin // 2 + height + 1)
    cv2.putText(image, text, start, _FONT, size, ink, thickness, cv2.LINE_AA)


def _draw_insets(
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
        thickness = max(_THINNEST, round(scale))
        cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), track_colour(person.track_id), thickness)
        if side >= 48:
            place = (x + 3, y + side - 5)
            for colour, thickness in ((_DARK, 3), (_MIDDLE, 1)):
                cv2.putText(image, _PART_NAMES[part.name], place, _FONT, side / 190, colour, thickness, cv2.LINE_AA)
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
        cut = np.full((1, 1, 3), _DARK, np.uint8)
    elif cut.shape[:2] != (extent, extent):
        top, left = max(-y, 0), max(-x, 0)
        bottom, right = extent - top - cut.shape[0], extent - left - cut.shape[1]
        cut = np.asarray(cv2.copyMakeBorder(cut, top, bottom, left, right, cv2.BORDER_CONSTANT, value=_DARK), np.uint8)
    return np.asarray(cv2.resize(cut, (side, side), interpolation=cv2.INTER_LINEAR), np.uint8)
