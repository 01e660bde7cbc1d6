"""What is painted over a picture."""

from pathlib import Path
from typing import Any

import numpy as np
from PyQt6.QtCore import QRectF
from PyQt6.QtGui import QFont, QImage, QPainter

from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.shown_frame import ShownFrame
from desktop_ui.model.layers import Layers
from desktop_ui.views.overlay import Place, paint_overlay
from edgeact.bundle.load import load_bundle
from tests.desktop_ui.bridge.test_newest_frame import observation

LABELS_ALONE = Layers(skeleton=False, boxes=False, zones=False)
TITLE = QRectF(0, 0, 120, 40)  # over the upper edge of the person, where the label would be


def painted_in_title(shown: ShownFrame, bundle: Path, title: QRectF | None) -> int:
    """Pixels that labels have painted where the title is to be."""
    image = QImage(320, 200, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    paint_overlay(
        painter, shown, Place(0, 0, 2), LABELS_ALONE, load_bundle(bundle).plan, selected=None, font=QFont(), title=title
    )
    painter.end()
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    pixels = np.frombuffer(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    assert pixels.any(), "the label is there"
    return int(np.count_nonzero(pixels[: round(TITLE.height()), : round(TITLE.width())]))


def test_no_label_stands_under_the_title_of_the_source(tiny_bundle: Path, qapp: Any) -> None:
    sink = NewestFrame(lambda: LABELS_ALONE, lambda: None)
    sink.write(observation(), None)
    shown = sink.peek()
    assert shown is not None
    assert painted_in_title(shown, tiny_bundle, None) > 100
    assert painted_in_title(shown, tiny_bundle, TITLE) == 0
