"""Dragging a joint of somebody in a picture that stands still."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QColor, QMouseEvent, QPainter, QPen

from desktop_ui.views.overlay import Place
from edgeact.types import Observation

_REACH_PIXELS = 9.0
_LEAST_PIXELS = 2.0  # that a joint is dragged; less is a click


@dataclass(frozen=True, slots=True)
class Grip:
    """A joint in the hand: whose, which, where it was and where it is, in pixels of the frame."""

    key: int
    track_id: int
    joint: int
    before: tuple[float, float]
    after: tuple[float, float]


class JointTool:
    """A tool of tiles; it has the mouse only over a joint of a picture that stands still.

    Args:
        still: Gives the observation of a source whose picture stands still, by its key; None of others.
        selected: The track that is chosen in a source; None for nobody.
        threshold: Joints under it are not seen, and not taken.
        finish: Told of a joint that was dragged.
    """

    is_on = False

    def __init__(
        self,
        still: Callable[[int], Observation | None],
        selected: Callable[[int], int | None],
        threshold: Callable[[], float],
        finish: Callable[[Grip], object],
    ) -> None:
        self._still, self._selected, self._threshold, self._finish = still, selected, threshold, finish
        self._grip: Grip | None = None

    def press(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """Take the joint under the mouse, of the chosen person."""
        seen, chosen = self._still(key), self._selected(key)
        if seen is None or chosen is None or event.button() is not Qt.MouseButton.LeftButton:
            return False
        person = next((person for person in seen.persons if person.track_id == chosen), None)
        if person is None:
            return False
        at = place.inverse(event.position())
        away = np.hypot(*(person.pose.joints - np.array(at, np.float32)).T) * place.scale
        away[person.pose.confidence < self._threshold()] = np.inf
        joint = int(np.argmin(away))
        if away[joint] > _REACH_PIXELS:
            return False
        x, y = (float(value) for value in person.pose.joints[joint])
        self._grip = Grip(key, chosen, joint, (x, y), (x, y))
        return True

    def move(self, key: int, event: QMouseEvent, place: Place, frame: tuple[int, int]) -> bool:
        """Drag it."""
        if self._grip is None or key != self._grip.key:
            return False
        x, y = place.inverse(event.position())
        self._grip = replace(self._grip, after=(min(max(x, 0.0), frame[0] - 1.0), min(max(y, 0.0), frame[1] - 1.0)))
        return True

    def release(self, key: int) -> bool:
        """Let it go."""
        grip, self._grip = self._grip, None
        if grip is None:
            return False
        if np.hypot(grip.after[0] - grip.before[0], grip.after[1] - grip.before[1]) >= _LEAST_PIXELS:
            self._finish(grip)
        return True

    def paint(self, painter: QPainter, key: int, place: Place, frame: tuple[int, int], alert: QColor) -> None:
        """Paint the joint in the hand."""
        grip = self._grip
        if grip is None or grip.key != key:
            return
        before, after = (
            QPointF(x * place.scale + place.x, y * place.scale + place.y) for x, y in (grip.before, grip.after)
        )
        painter.setPen(QPen(QColor("#ffffff"), 1.4, Qt.PenStyle.DashLine))
        painter.drawLine(before, after)
        painter.setBrush(QColor("#ffffff"))
        painter.drawEllipse(after, 5, 5)
        painter.setBrush(Qt.BrushStyle.NoBrush)
