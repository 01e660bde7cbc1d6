"""Draws what is known of a frame into a copy of it: who, in which pose, doing what, and where that was seen.

Everything is sized by the picture, so that it reads the same at 320×240 and at 4K. Only the boxes of persons are blended; the rest of the
frame is copied once.
"""

import colorsys
from collections.abc import Sequence
from functools import lru_cache
from typing import TypeAlias

import cv2
import numpy as np

from edgeact.skeleton import Skeleton
from edgeact.types import AttentionMap, Float32, FrameResult, Person, UInt8

Colour: TypeAlias = tuple[int, int, int]

_LEFT: Colour = (80, 200, 255)
_RIGHT: Colour = (255, 150, 60)
_MIDDLE: Colour = (245, 245, 245)
_DARK: Colour = (18, 20, 24)
_FONT = cv2.FONT_HERSHEY_DUPLEX
_REFERENCE_SIDE = 480  # of the picture's shorter side, at which a line is one pixel and text has half of the font's size
_STRONGEST_BLEND = 0.62  # of the attention map: what is under it stays visible
_FAINTEST = 40  # levels of the attention map, of 255, up to which nothing is drawn
_GOLDEN_RATIO = 0.618034  # steps of the hue: neighbours in number are far apart in colour, whatever their count
_PART_NAMES = {"head": "head", "right_hand": "R hand", "left_hand": "L hand"}
_SHIFT = 3  # bits of a pixel's fraction that OpenCV takes for lines


def track_colour(track_id: int) -> Colour:
    """The colour of a track, the same in every frame: R, G, B."""
    red, green, blue = colorsys.hsv_to_rgb((0.36 + track_id * _GOLDEN_RATIO) % 1.0, 0.72, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)


def draw(result: FrameResult, *, skeleton: Skeleton, joint_confidence: float) -> UInt8:
    """A copy of the frame with everything drawn into it.

    Args:
        result: Of one frame.
        skeleton: What its poses follow.
        joint_confidence: Joints that are less confident are not drawn.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    image = result.frame.image.copy()
    scale = max(min(image.shape[:2]) / _REFERENCE_SIDE, 0.5)
    for person in result.persons:
        if person.attention is not None:
            _blend_attention(image, person.attention)
    for person in result.persons:
        _draw_box(image, person.box, track_colour(person.track_id), scale)
        _draw_parts(image, person, scale)
        _draw_pose(image, person, skeleton=skeleton, threshold=joint_confidence, scale=scale)
    _draw_insets(image, result.frame.image, result.persons, scale)
    for person in result.persons:
        _draw_label(image, person, scale)
    return image


@lru_cache(maxsize=1)
def _heat_tables() -> tuple[UInt8, UInt8]:
    """For each level of attention: the colour to add and the share of the picture to keep, both ``(1, 256, 3)`` uint8."""
    levels = np.arange(256, dtype=np.uint8)
    colours = cv2.applyColorMap(levels[:, None], cv2.COLORMAP_INFERNO)[:, 0, ::-1].astype(np.float32)
    # The maps' far tails would only dim the picture: what is shown starts at the visible part of the colour map.
    share = _STRONGEST_BLEND * np.clip((levels.astype(np.float32) - _FAINTEST) / (255 - _FAINTEST), 0, 1)[:, None] ** 0.6
    added = np.round(colours * share).astype(np.uint8)[None]
    kept = np.repeat(np.round(255 * (1 - share)).astype(np.uint8), 3, 1)[None]
    return added, kept


def _blend_attention(image: UInt8, attention: AttentionMap) -> None:
    """Lay the map over its box, in place.

    Colour and transparency are looked up for the map's few cells and then enlarged: looking them up for every pixel takes twice as long,
    and so would a warp that places them to a fraction of a pixel.
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
        cv2.resize(cv2.LUT(cells, table), (x1 - x0, y1 - y0), interpolation=cv2.INTER_LINEAR)[inside] for table in _heat_tables()
    )
    cv2.add(cv2.multiply(region, kept, scale=1 / 255), added, dst=region)


def _draw_box(image: UInt8, box: Float32, colour: Colour, scale: float) -> None:
    x0, y0, x1, y1 = (round(float(value)) for value in box)
    cv2.rectangle(image, (x0, y0), (x1, y1), colour, max(1, round(1.2 * scale)), cv2.LINE_AA)


def _draw_parts(image: UInt8, person: Person, scale: float) -> None:
    """The corners of each part's square: whole squares would hide the person."""
    red, green, blue = track_colour(person.track_id)
    colour = ((red + 255) // 2, (green + 255) // 2, (blue + 255) // 2)
    for part in person.parts:
        x0, y0, x1, y1 = (round(float(value)) for value in part.box)
        corner = max(3, (x1 - x0) // 9)
        for x, y, right, down in ((x0, y0, 1, 1), (x1, y0, -1, 1), (x0, y1, 1, -1), (x1, y1, -1, -1)):
            for end in ((x + right * corner, y), (x, y + down * corner)):
                cv2.line(image, (x, y), end, colour, max(1, round(0.8 * scale)), cv2.LINE_AA)


def _side_colour(names: Sequence[str]) -> Colour:
    if any(name.startswith("left") for name in names):
        return _LEFT
    return _RIGHT if any(name.startswith("right") for name in names) else _MIDDLE


def _draw_pose(image: UInt8, person: Person, *, skeleton: Skeleton, threshold: float, scale: float) -> None:
    """Bones between sure joints, left and right in their own colours, with a dark rim that keeps them visible on any background."""
    points = np.round(person.pose.joints * (1 << _SHIFT)).astype(int)
    sure = person.pose.confidence >= threshold
    width = max(1, round(2 * scale))
    bones = [
        (tuple(points[a].tolist()), tuple(points[b].tolist()), _side_colour((skeleton.joints[a], skeleton.joints[b])))
        for a, b in skeleton.bones
        if sure[a] and sure[b]
    ]
    for first, second, _ in bones:
        cv2.line(image, first, second, _DARK, width + max(1, round(1.5 * scale)), cv2.LINE_AA, _SHIFT)
    for first, second, colour in bones:
        cv2.line(image, first, second, colour, width, cv2.LINE_AA, _SHIFT)
    radius = max(1.5, 2.4 * scale)
    for index in np.flatnonzero(sure):
        colour = _side_colour((skeleton.joints[index],))
        place = tuple(points[index].tolist())
        face = skeleton.joints[index].endswith(("eye", "ear"))
        size = round((0.6 if face else 1.0) * radius * (1 << _SHIFT))
        cv2.circle(image, place, size + (1 << _SHIFT) // 2, _DARK, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(image, place, size, colour, -1, cv2.LINE_AA, _SHIFT)


def label_text(person: Person) -> str:
    """What stands over a person: the track, and the action in force with its smoothed score."""
    action = person.action
    if action is None or action.label is None:
        return f"#{person.track_id}"
    score = "" if action.score is None else f" {action.score:.0%}"
    return f"#{person.track_id} {action.label.replace('_', ' ')}{score}"


def _plate(image: UInt8, text: str, place: tuple[int, int], colour: Colour, size: float) -> None:
    """Text on a filled plate whose top-left corner is at a place, moved into the picture where it would reach beyond."""
    thickness = 1 if size < 0.9 else 2
    (width, height), baseline = cv2.getTextSize(text, _FONT, size, thickness)
    margin = max(2, height // 3)
    plate_width, plate_height = width + 2 * margin, height + baseline + margin
    x = min(max(place[0], 0), max(image.shape[1] - plate_width, 0))
    y = min(max(place[1], 0), max(image.shape[0] - plate_height, 0))
    cv2.rectangle(image, (x, y), (x + plate_width, y + plate_height), colour, -1)
    red, green, blue = colour
    ink = _DARK if 0.299 * red + 0.587 * green + 0.114 * blue > 120 else _MIDDLE
    cv2.putText(image, text, (x + margin, y + margin // 2 + height + 1), _FONT, size, ink, thickness, cv2.LINE_AA)


def _draw_label(image: UInt8, person: Person, scale: float) -> None:
    size = 0.5 * max(scale, 0.8)
    height = cv2.getTextSize("#", _FONT, size, 1)[0][1]
    x, y = round(float(person.box[0])), round(float(person.box[1])) - 2 * height - 2
    _plate(image, label_text(person), (x, y), track_colour(person.track_id), size)


def _draw_insets(image: UInt8, original: UInt8, persons: tuple[Person, ...], scale: float) -> None:
    """Head and hands of each person, enlarged, in a strip along the lower edge, as many persons as fit."""
    height, width = image.shape[:2]
    side, gap = max(24, height // 8), max(2, round(3 * scale))
    x, y = gap, height - side - gap
    if side + 2 * gap > height:
        return
    for person in persons:
        if not person.parts:
            continue
        if x + len(_PART_NAMES) * (side + gap) > width:
            break
        for part in person.parts:
            thumbnail = _cut(original, part.box, side)
            image[y : y + side, x : x + side] = thumbnail
            cv2.rectangle(image, (x, y), (x + side - 1, y + side - 1), track_colour(person.track_id), max(1, round(scale)))
            if side >= 48:
                place = (x + 3, y + side - 5)
                for colour, thickness in ((_DARK, 3), (_MIDDLE, 1)):
                    cv2.putText(image, _PART_NAMES[part.name], place, _FONT, side / 190, colour, thickness, cv2.LINE_AA)
            x += side + gap
        x += 2 * gap


def _cut(image: UInt8, box: Float32, side: int) -> UInt8:
    """A square box of the picture at a size; beyond the picture it is dark."""
    extent = max(float(box[2] - box[0]), 1.0)
    step = extent / side
    matrix = np.array([[step, 0, float(box[0]) + (step - 1) / 2], [0, step, float(box[1]) + (step - 1) / 2]], np.float32)
    cut = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderValue=_DARK)
    return np.asarray(cut, np.uint8)
