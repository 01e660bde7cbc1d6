"""The joints that decide, painted as soft discs of heat that are sharp at every scale."""

from collections.abc import Sequence

import numpy as np
from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QPainter, QRadialGradient

from desktop_ui.model.layers import Layers
from desktop_ui.views.heat import heat_colour
from edgeact.bundle.plan import Plan
from edgeact.drawing.joint_discs import Disc, disc_heat, joint_discs
from edgeact.types import Float32, Person

_STOPS = 12  # of a gradient, from the middle to the edge
# Share of a disc's heat at each stop.
_SHARES: tuple[float, ...] = tuple(disc_heat(np.linspace(0, 1, _STOPS + 1, dtype=np.float32)).tolist())


def joint_threshold(layers: Layers, plan: Plan) -> float:
    """The confidence under which joints are not drawn: that of the layers, or else the bundle's."""
    if layers.joint_threshold is not None:
        return layers.joint_threshold
    return plan.joint_confidence if plan.persons is not None else 0.0


def shown_discs(counts: Float32, person: Person, layers: Layers, plan: Plan, *, scale: float) -> tuple[Disc, ...]:
    """The discs of a person's joints.

    Args:
        counts: ``(J,)`` how much each joint counts.
        person: Whose joints are meant.
        layers: Which joints are drawn.
        plan: Of the bundle.
        scale: Pixels of the frame to a logical pixel.
    """
    threshold = joint_threshold(layers, plan)
    return joint_discs(counts, person, skeleton=plan.skeleton, threshold=threshold, scale=scale)


def paint_discs(
    painter: QPainter, discs: Sequence[Disc], corner: tuple[float, float], scale: float, opacity: float
) -> None:
    """Paint each joint's disc as a radial gradient of heat colours.

    Args:
        painter: On the widget.
        discs: In pixels of the frame, the hottest last.
        corner: Where the frame's first pixel lies, in logical pixels.
        scale: Logical pixels to a pixel of the frame.
        opacity: Of all, 0..1.
    """
    painter.save()
    painter.setOpacity(opacity)
    painter.setPen(Qt.PenStyle.NoPen)
    for disc in discs:
        middle, radius = QPointF(corner[0] + disc.x * scale, corner[1] + disc.y * scale), disc.radius * scale
        gradient = QRadialGradient(middle, radius)
        for stop, share in enumerate(_SHARES):
            gradient.setColorAt(stop / _STOPS, heat_colour(disc.heat * share))
        painter.setBrush(gradient)
        painter.drawEllipse(middle, radius, radius)
    painter.restore()
