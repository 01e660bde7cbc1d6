"""Colours, widths and font of what is drawn."""

import colorsys
from typing import TypeAlias

import cv2

Colour: TypeAlias = tuple[int, int, int]

LEFT: Colour = (80, 200, 255)
RIGHT: Colour = (255, 150, 60)
LIGHT: Colour = (245, 245, 245)
DARK: Colour = (18, 20, 24)
FONT = cv2.FONT_HERSHEY_DUPLEX
# Pixels: video keeps colour for every second pixel only, in which a thinner line would come and go as it moves
THINNEST = 2
SHIFT = 3  # bits of a pixel's fraction that OpenCV takes for lines
_GOLDEN_RATIO = 0.618034  # steps of the hue: neighbours in number are far apart in colour, whatever their count


def track_colour(track_id: int) -> Colour:
    """The colour of a track, the same in every frame: R, G, B."""
    red, green, blue = colorsys.hsv_to_rgb((0.36 + track_id * _GOLDEN_RATIO) % 1.0, 0.72, 1.0)
    return int(red * 255), int(green * 255), int(blue * 255)
