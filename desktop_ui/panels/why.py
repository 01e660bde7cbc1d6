"""Where the network looked: the person with and without the map, side by side, over a bar of its colours."""

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPaintEvent
from PyQt6.QtWidgets import QWidget

from desktop_ui.bridge.shown_frame import ShownFrame
from desktop_ui.model.layers import Layers
from desktop_ui.panels.painting import let_width_decide_height, picture_painter, rounded_place
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr
from desktop_ui.views.discs import paint_discs, shown_discs
from desktop_ui.views.heat import chosen_map, colour_bar, heat_image
from desktop_ui.views.pictures import cut, image_of_rgb
from edgeact.bundle.plan import Plan
from edgeact.drawing.joint_discs import Disc
from edgeact.types import Float32, Person

_GAP = 8
_BAR = 26  # height of the colour bar with its numbers
_SHAPE = 1.1  # height of a picture over its width


class Why(QWidget):
    """Paints a person twice, with and without the attention map, over a bar with the colours of the map.

    Args:
        themes: Gives the colours of the theme that is on.

    Attributes:
        map_label: The action that the shown map speaks for; None for the pose alone, or without a map.
        has_map: Whether there is a map for what is shown; pictures of a camera's past have none.
    """

    def __init__(self, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._picture: QImage | None = None
        self._heat: QImage | None = None
        self._place = QRectF()  # of the map in the picture, 0..1
        self._discs: tuple[Disc, ...] = ()
        self._box: Float32 = np.zeros(4, np.float32)  # what of the frame the picture shows
        self._opacity = 0.6
        self.map_label: str | None = None
        self.has_map = False
        let_width_decide_height(self)

    def hasHeightForWidth(self) -> bool:
        """True: the pictures keep their shape."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of two pictures side by side and the bar under them."""
        return round((width - _GAP) / 2 * _SHAPE) + _BAR

    def sizeHint(self) -> QSize:
        """The size in a panel of usual width."""
        return QSize(264, self.heightForWidth(264))

    def show_person(self, shown: ShownFrame | None, person: Person | None, layers: Layers, plan: Plan | None) -> None:
        """Cut a person out of its frame, and take the map that the layers ask for.

        Args:
            shown: The frame.
            person: Who; None for nobody.
            layers: Which map, and how strong it is.
            plan: Of the bundle that is open; None while none is.
        """
        self._picture = self._heat = None
        self._discs = ()
        self.map_label, self.has_map = None, False
        self._opacity = layers.attention_opacity
        attention = None if person is None else chosen_map(person, layers)
        if shown is not None and person is not None and not shown.hides_persons:
            box = _around(person.box if attention is None else attention.box)
            ratio = self.devicePixelRatioF()
            width = max(8, round((self.width() - _GAP) / 2 * ratio))
            size = (width, round(width * _SHAPE))
            pixels = cut(shown.observation.frame.image, box, size)
            self._picture = image_of_rgb(pixels)
            if attention is not None:
                self.map_label, self.has_map = attention.label, True
                extent = np.tile(box[2:] - box[:2], 2)
                x0, y0, x1, y1 = ((attention.box - np.tile(box[:2], 2)) / extent).tolist()
                self._place = QRectF(x0, y0, x1 - x0, y1 - y0)
                if attention.joints is None or plan is None or plan.persons is None:
                    self._heat = heat_image(attention)
                else:
                    self._box = box
                    scale = float(extent[0]) * ratio / width
                    self._discs = shown_discs(attention.joints, person, layers, plan, scale=scale)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint both pictures and the bar."""
        theme = self._themes.theme
        painter = picture_painter(self)
        width = (self.width() - _GAP) / 2
        height = self.height() - _BAR
        for number in range(2):
            place = QRectF(number * (width + _GAP), 0, width, height)
            with rounded_place(painter, place, theme.stage):
                if self._picture is not None:
                    painter.drawImage(place, self._picture)
                if number == 0 and self._discs:
                    scale = width / float(self._box[2] - self._box[0])
                    corner = (place.left() - float(self._box[0]) * scale, -float(self._box[1]) * scale)
                    paint_discs(painter, self._discs, corner, scale, self._opacity)
                if number == 0 and self._heat is not None:
                    painter.setOpacity(self._opacity)
                    painter.drawImage(
                        QRectF(
                            place.left() + self._place.left() * width,
                            self._place.top() * height,
                            self._place.width() * width,
                            self._place.height() * height,
                        ),
                        self._heat,
                    )
        bar = QRectF(20, height + 12, self.width() - 40, 6)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour_bar(bar))
        painter.drawRoundedRect(bar, 3, 3)
        painter.setPen(QColor(theme.muted))
        for words, place in (
            ("0", QRectF(0, bar.top() - 5, 16, 16)),
            ("1", QRectF(self.width() - 16, bar.top() - 5, 16, 16)),
        ):
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, words)
        if self._picture is None:
            painter.drawText(QRectF(0, 0, self.width(), height), Qt.AlignmentFlag.AlignCenter, tr("Nobody to explain"))
        painter.end()


def _around(box: Float32) -> Float32:
    """The box in the shape of the pictures, a little larger."""
    middle, extent = (box[:2] + box[2:]) / 2, (box[2:] - box[:2]) * 1.04
    width = max(float(extent[0]), float(extent[1]) / _SHAPE, 8.0)
    half = np.array([width, width * _SHAPE], np.float32) / 2
    return np.concatenate([middle - half, middle + half]).astype(np.float32)
