"""Attention, laid over the picture as heat: which maps, and how they and the discs of joints are blended."""

from functools import lru_cache

import cv2
import numpy as np

from edgeact.drawing.joint_discs import Disc, disc_heat
from edgeact.types import AttentionMap, Observation, Person, Reading, UInt8

_STRONGEST_BLEND = 0.62  # of the attention map: what is under it stays visible
_STRONGEST_DISC = 0.8  # of a disc: it is small, and bones and joints are drawn over it
_FAINTEST = 40  # levels of the attention map, of 255, up to which nothing is drawn
_DISC_SIDE, _DISC_HEATS = 49, 24  # pixels of the pictures that discs are made from, and how many heats have one


def shown_attention(person: Person) -> tuple[AttentionMap, ...]:
    """The map that is laid over a person: the first of its action heads, or else one that belongs to none of them."""
    return _first_map(person.readings, person.attention)


def shown_scene_attention(observation: Observation) -> tuple[AttentionMap, ...]:
    """The map that is laid over the whole frame."""
    return _first_map(observation.scene, observation.attention)


def _first_map(readings: tuple[Reading, ...], others: tuple[AttentionMap, ...]) -> tuple[AttentionMap, ...]:
    return next((reading.attention[:1] for reading in readings if reading.attention), others[:1])


@lru_cache(maxsize=2)
def _heat_tables(strongest: float) -> tuple[UInt8, UInt8]:
    """For each level of attention: the colour to add and the share of the picture to keep, both ``(1, 256, 3)``
    uint8; at the highest level the colour has the share ``strongest``.
    """
    levels = np.arange(256, dtype=np.uint8)
    colours = cv2.applyColorMap(levels[:, None], cv2.COLORMAP_INFERNO)[:, 0, ::-1].astype(np.float32)
    # The maps' far tails would only dim the picture: what is shown starts at the visible part of the colour map.
    share = strongest * np.clip((levels.astype(np.float32) - _FAINTEST) / (255 - _FAINTEST), 0, 1)[:, None] ** 0.6
    added = np.round(colours * share).astype(np.uint8)[None]
    kept = np.repeat(np.round(255 * (1 - share)).astype(np.uint8), 3, 1)[None]
    return added, kept


def blend_attention(image: UInt8, attention: AttentionMap) -> None:
    """Lay a map over its box in a picture ``(H, W, 3)`` uint8 RGB, in place.

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
        for table in _heat_tables(_STRONGEST_BLEND)
    )
    cv2.add(cv2.multiply(region, kept, scale=1 / 255), added, dst=region)


def blend_disc(image: UInt8, disc: Disc) -> None:
    """Lay a disc over a picture ``(H, W, 3)`` uint8 RGB, in place; its middle is placed to a pixel."""
    half = max(1, round(disc.radius))
    left, top, side = round(disc.x) - half, round(disc.y) - half, 2 * half + 1
    region = image[max(0, top) : max(0, top + side), max(0, left) : max(0, left + side)]
    if region.size == 0:
        return
    inside = np.s_[max(0, -top) : max(0, -top) + region.shape[0], max(0, -left) : max(0, -left) + region.shape[1]]
    added, kept = (
        cv2.resize(pixels, (side, side), interpolation=cv2.INTER_LINEAR)[inside]
        for pixels in _disc_pixels(round(disc.heat * _DISC_HEATS))
    )
    cv2.add(cv2.multiply(region, kept, scale=1 / 255), added, dst=region)


@lru_cache(maxsize=_DISC_HEATS + 1)
def _disc_pixels(heat: int) -> tuple[UInt8, UInt8]:
    """Of a disc whose middle has this heat of `_DISC_HEATS`: the colours to add and the shares of the picture to keep,
    both ``(_DISC_SIDE, _DISC_SIDE, 3)`` uint8, to be brought to the disc's size.
    """
    steps = np.linspace(-1, 1, _DISC_SIDE, dtype=np.float32)
    level = (255 * heat / _DISC_HEATS * disc_heat(np.hypot(steps[:, None], steps[None]))).astype(np.uint8)
    added, kept = (cv2.LUT(cv2.merge([level] * 3), table) for table in _heat_tables(_STRONGEST_DISC))
    return np.asarray(added, np.uint8), np.asarray(kept, np.uint8)
