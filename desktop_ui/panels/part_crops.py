"""Head, right hand and left hand of a person, enlarged."""

import numpy as np
from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QImage, QPaintEvent
from PyQt6.QtWidgets import QWidget

from desktop_ui.bridge.shown_frame import ShownFrame
from desktop_ui.panels.painting import let_width_decide_height, picture_painter, rounded_place
from desktop_ui.style.themes import Themes
from desktop_ui.translation import tr
from desktop_ui.views.pictures import cut, image_of_rgb
from edgeact.types import Float32, PartName, Person

_PARTS: tuple[PartName, ...] = ("head", "right_hand", "left_hand")
_GAP = 8
_CAPTION = 18
_HAND_SHARE = 0.6  # of a hand's square: the whole of it holds half of the body


class PartCrops(QWidget):
    """Shows the crops of the selected person's head, right hand and left hand side by side.

    Args:
        themes: Gives the colours of the theme that is on.
    """

    def __init__(self, themes: Themes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._themes = themes
        self._images: dict[PartName, QImage] = {}
        let_width_decide_height(self)

    def hasHeightForWidth(self) -> bool:
        """True: the crops stay squares."""
        return True

    def heightForWidth(self, width: int) -> int:
        """The height of three squares side by side with their captions."""
        return (width - 2 * _GAP) // 3 + _CAPTION

    def sizeHint(self) -> QSize:
        """The size in a panel of usual width."""
        return QSize(264, self.heightForWidth(264))

    def show_person(self, shown: ShownFrame | None, person: Person | None) -> None:
        """Cut the parts of a person out of its frame."""
        side = round((self.width() - 2 * _GAP) / 3 * self.devicePixelRatioF())
        self._images = {}
        if shown is not None and person is not None and not shown.hides_persons and side > 0:
            for part in person.parts:
                box = part.box if part.name == "head" else _middle(part.box)
                pixels = cut(shown.observation.frame.image, box, (side, side))
                self._images[part.name] = image_of_rgb(pixels)
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Paint squares with captions; a part that was not found is an empty one."""
        theme = self._themes.theme
        painter = picture_painter(self)
        captions = {"head": tr("Head"), "right_hand": tr("Right hand"), "left_hand": tr("Left hand")}
        side = (self.width() - 2 * _GAP) / 3
        for number, name in enumerate(_PARTS):
            square = QRectF(number * (side + _GAP), 0, side, side)
            with rounded_place(painter, square, theme.stage):
                if name in self._images:
                    painter.drawImage(square, self._images[name])
            painter.setPen(QColor(theme.muted))
            caption = QRectF(square.left(), square.bottom() + 2, side, _CAPTION - 2)
            painter.drawText(caption, Qt.AlignmentFlag.AlignHCenter, captions[name])
        painter.end()


def _middle(box: Float32) -> Float32:
    inset = (box[2:] - box[:2]) * (1 - _HAND_SHARE) / 2
    return np.concatenate([box[:2] + inset, box[2:] - inset]).astype(np.float32)
