"""Attention maps as pictures: strong places in warm colours, faint ones transparent."""

from functools import lru_cache

import cv2
import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QColor, QImage, QLinearGradient, QPainter

from desktop_ui.model.layers import Layers
from edgeact.types import AttentionMap, Float32, Observation, Person, Reading, UInt8

_FAINTEST = 40  # levels of 255 up to which nothing is drawn: the maps' far tails would only dim the picture
_LEAST_SPREAD = 0.025  # of a map's larger side: the standard deviation that a single peak is given
_ENLARGED = 4  # cells are smoothed by so much before Qt scales them: its own scaling shows their edges


@lru_cache(maxsize=1)
def _table() -> UInt8:
    """B, G, R, A for each of 256 levels, ``(256, 4)`` uint8, colours multiplied by A as Qt wants it."""
    levels = np.arange(256, dtype=np.uint8)
    colours = cv2.applyColorMap(levels[:, None], cv2.COLORMAP_INFERNO)[:, 0].astype(np.float32)
    share = np.clip((levels.astype(np.float32) - _FAINTEST) / (255 - _FAINTEST), 0, 1)[:, None] ** 0.6
    return np.round(np.concatenate([colours * share, 255 * share], 1)).astype(np.uint8)


def heat_colour(level: float) -> QColor:
    """Return the heat colour of a level 0..1, with its alpha."""
    blue, green, red, alpha = (int(value) for value in _table()[round(255 * min(max(level, 0.0), 1.0))])
    if alpha == 0:
        return QColor(0, 0, 0, 0)
    return QColor(*(min(255, 255 * value // alpha) for value in (red, green, blue)), alpha)


def heat_image(attention: AttentionMap) -> QImage:
    """A map as a picture with transparency, four pixels a cell."""
    height, width = attention.values.shape
    size = (width * _ENLARGED, height * _ENLARGED)
    values = cv2.resize(_spread(attention.values), size, interpolation=cv2.INTER_CUBIC)
    level = np.clip(values * 255, 0, 255).astype(np.uint8)
    pixels = np.ascontiguousarray(_table()[level])
    return QImage(pixels.data, size[0], size[1], size[0] * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()


def _spread(values: Float32) -> Float32:
    """A map whose peaks are wide enough to be seen: those of large networks are a cell or two, of a person's size a
    hundredth. Heights stay as they are.
    """
    peak = float(values.max())
    wide = cv2.GaussianBlur(values, (0, 0), _LEAST_SPREAD * max(values.shape))
    highest = float(wide.max())
    return values if peak <= 0 or highest <= 0 else np.maximum(values, wide * np.float32(peak / highest))


def paint_heat(painter: QPainter, attention: AttentionMap, place: QRectF, opacity: float) -> None:
    """Lay a map over a place."""
    painter.save()
    painter.setOpacity(opacity)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawImage(place, heat_image(attention))
    painter.restore()


def colour_bar(place: QRectF) -> QLinearGradient:
    """The colours of a map from 0 at the left of a place to 1 at its right."""
    gradient = QLinearGradient(place.topLeft(), place.topRight())
    colours = cv2.applyColorMap(np.arange(256, dtype=np.uint8)[:, None], cv2.COLORMAP_INFERNO)[:, 0, ::-1]
    for level in range(0, 256, 15):
        red, green, blue = (int(value) for value in colours[level])
        gradient.setColorAt(level / 255, QColor(red, green, blue))
    return gradient


def chosen_map(person: Person, layers: Layers) -> AttentionMap | None:
    """The map of a person that the layers ask for; None where there is none."""
    return _choose(person.readings, person.attention, layers)


def explained_labels(person: Person) -> tuple[str, ...]:
    """The actions that maps of a person speak for, each once."""
    maps = [found for reading in person.readings for found in reading.attention] + list(person.attention)
    return tuple(dict.fromkeys(found.label for found in maps if found.label is not None))


def chosen_scene_map(observation: Observation, layers: Layers) -> AttentionMap | None:
    """The map of the scene that the layers ask for; None where there is none."""
    return _choose(observation.scene, observation.attention, layers)


def _choose(readings: tuple[Reading, ...], others: tuple[AttentionMap, ...], layers: Layers) -> AttentionMap | None:
    maps = [found for reading in readings for found in reading.attention] + list(others)
    if layers.attention_map is not None:
        maps = [found for found in maps if found.name == layers.attention_map]
    if layers.attention_label is not None:
        maps = [found for found in maps if found.label == layers.attention_label]
    return maps[0] if maps else None
