"""What is painted over a picture: trails, boxes, skeletons, parts and labels, sharp at every scale."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PyQt6.QtCore import QPointF, QRectF, Qt
from PyQt6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF

from desktop_ui.bridge.shown_frame import ShownFrame
from desktop_ui.model.layers import Layers
from desktop_ui.style.colours import ink_on, track_colour
from desktop_ui.views.discs import joint_threshold, paint_discs, shown_discs
from desktop_ui.views.heat import chosen_map, chosen_scene_map, paint_heat
from edgeact.bundle.plan import Plan
from edgeact.drawing.label_places import Rectangle, face_rectangle, place_label
from edgeact.drawing.scene_labels import scene_lines
from edgeact.drawing.stick_figure import faces_camera
from edgeact.plain_text import printable
from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Person

_RIM = QColor(10, 11, 13, 190)
_PLATE = QColor(18, 20, 24, 215)
_LIGHT = QColor(245, 245, 247)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame lies in its tile: logical pixels of the tile = frame pixels × ``scale`` + (``x``, ``y``)."""

    x: float
    y: float
    scale: float

    def points(self, points: Float32) -> list[QPointF]:
        """Points ``(N, 2)`` of the frame, in the tile."""
        placed = points * np.float32(self.scale) + np.array([self.x, self.y], np.float32)
        return [QPointF(x, y) for x, y in placed.tolist()]

    def rectangle(self, box: Float32) -> QRectF:
        """A box ``(4,)`` of the frame, in the tile."""
        x0, y0, x1, y1 = (float(value) * self.scale for value in box)
        return QRectF(x0 + self.x, y0 + self.y, x1 - x0, y1 - y0)

    def inverse(self, point: QPointF) -> tuple[float, float]:
        """A point of the tile, in the frame."""
        return (point.x() - self.x) / self.scale, (point.y() - self.y) / self.scale


def paint_overlay(
    painter: QPainter,
    shown: ShownFrame,
    place: Place,
    layers: Layers,
    plan: Plan,
    *,
    selected: int | None,
    font: QFont,
    title: QRectF | None = None,
) -> None:
    """Paint all layers of a frame.

    Args:
        painter: On the tile.
        shown: The frame.
        place: Where it lies.
        layers: Which are painted.
        plan: Of the bundle.
        selected: The chosen track, which is painted stronger.
        font: Of the labels.
        title: What of the tile its title will cover: no label is put there.
    """
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    observation = shown.observation
    if layers.attention and not layers.hides_picture:
        _paint_attention(painter, shown, place, layers, plan)
    skeleton = None if plan.persons is None else plan.skeleton
    threshold = joint_threshold(layers, plan)
    for person in observation.persons:
        colour, is_chosen = track_colour(person.track_id), person.track_id == selected
        if layers.trails and person.track_id in shown.trails:
            _paint_trail(painter, place.points(shown.trails[person.track_id]), colour)
        if layers.boxes:
            _paint_box(painter, place.rectangle(person.box), colour, is_chosen)
        if layers.parts and not layers.hides_picture:
            for part in person.parts:
                _paint_corners(painter, place.rectangle(part.box), colour)
        if layers.skeleton and skeleton is not None:
            _paint_skeleton(painter, person, place, skeleton, threshold, colour, is_chosen)
    if layers.labels:
        _paint_labels(painter, shown, place, skeleton, threshold, font, title)
        _paint_scene(painter, shown, place, font)


def _paint_attention(painter: QPainter, shown: ShownFrame, place: Place, layers: Layers, plan: Plan) -> None:
    scene = chosen_scene_map(shown.observation, layers)
    if scene is not None:
        paint_heat(painter, scene, place.rectangle(scene.box), layers.attention_opacity)
    for person in shown.observation.persons:
        found = chosen_map(person, layers)
        if found is None:
            continue
        if found.joints is None:
            paint_heat(painter, found, place.rectangle(found.box), layers.attention_opacity)
        elif found.label is not None:  # an action is in force, on which joints decided
            discs = shown_discs(found.joints, person, layers, plan, scale=1 / place.scale)
            paint_discs(painter, discs, (place.x, place.y), place.scale, layers.attention_opacity)


def _paint_trail(painter: QPainter, points: Sequence[QPointF], colour: QColor) -> None:
    """Older parts are fainter."""
    if len(points) < 2:
        return
    pieces = min(8, len(points) - 1)
    for number in range(pieces):
        first, last = (round(share * (len(points) - 1) / pieces) for share in (number, number + 1))
        faded = QColor(colour)
        faded.setAlphaF(0.15 + 0.75 * (number + 1) / pieces)
        painter.setPen(_line(faded, 2.0))
        painter.drawPolyline(QPolygonF(points[first : last + 1]))


def _paint_box(painter: QPainter, box: QRectF, colour: QColor, is_chosen: bool) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(_line(_RIM, 3.6 if is_chosen else 2.6))
    painter.drawRoundedRect(box, 4, 4)
    painter.setPen(_line(colour, 2.4 if is_chosen else 1.2))
    painter.drawRoundedRect(box, 4, 4)


def _paint_corners(painter: QPainter, square: QRectF, colour: QColor) -> None:
    length = max(3.0, square.width() / 8)
    painter.setPen(_line(colour.lighter(130), 1.4))
    for x, right in ((square.left(), length), (square.right(), -length)):
        for y, down in ((square.top(), length), (square.bottom(), -length)):
            painter.drawPolyline(QPolygonF([QPointF(x + right, y), QPointF(x, y), QPointF(x, y + down)]))


def _paint_skeleton(
    painter: QPainter,
    person: Person,
    place: Place,
    skeleton: Skeleton,
    threshold: float,
    colour: QColor,
    is_chosen: bool,
) -> None:
    sure = person.pose.confidence >= threshold
    if not faces_camera(person.pose, skeleton=skeleton, threshold=threshold):
        sure = sure & np.array([not name.endswith(("eye", "ear")) for name in skeleton.joints])
    points = place.points(person.pose.joints)
    height = float(person.box[3] - person.box[1]) * place.scale
    width = min(3.2, max(1.4, height / 110)) * (1.25 if is_chosen else 1.0)
    bones = [(points[start], points[end]) for start, end in skeleton.bones if sure[start] and sure[end]]
    painter.setPen(_line(_RIM, width + 1.8))
    for start, end in bones:
        painter.drawLine(start, end)
    painter.setPen(_line(colour, width))
    for start, end in bones:
        painter.drawLine(start, end)
    painter.setPen(_line(_RIM, 0.8))
    painter.setBrush(_LIGHT)
    for joint in np.flatnonzero(sure).tolist():
        size = width * (0.65 if skeleton.joints[joint].endswith(("eye", "ear", "nose")) else 1.0)
        painter.drawEllipse(points[joint], size, size)
    painter.setBrush(Qt.BrushStyle.NoBrush)


def label_words(person: Person) -> tuple[str, float | None]:
    """What stands over a person, and the score of its bar; without an action in force the number alone."""
    strongest = person.readings[0].strongest if person.readings else None
    if strongest is None:
        return f"#{person.track_id}", None
    return f"#{person.track_id}  {printable(strongest[0].replace('_', ' '))}", strongest[1]


def _paint_labels(
    painter: QPainter,
    shown: ShownFrame,
    place: Place,
    skeleton: Skeleton | None,
    threshold: float,
    font: QFont,
    title: QRectF | None,
) -> None:
    if skeleton is None:
        return
    persons = shown.observation.persons
    faces = {
        person.track_id: _in_tile(face_rectangle(person, skeleton=skeleton, threshold=threshold), place)
        for person in persons
    }
    metrics = QFontMetricsF(font)
    painter.setFont(font)
    width, height = shown.frame_size
    picture = QRectF(place.x, place.y, width * place.scale, height * place.scale)
    taken: list[Rectangle] = []
    if title is not None:
        covered = title.translated(-picture.topLeft())
        taken.append((round(covered.left()), round(covered.top()), round(covered.right()), round(covered.bottom())))
    for person in sorted(persons, key=lambda person: float(person.box[1])):
        words, score = label_words(person)
        size = (round(metrics.horizontalAdvance(words) + 12), round(metrics.height() + (8 if score is not None else 4)))
        box = place.rectangle(person.box).translated(-picture.topLeft())
        at = place_label(
            size,
            box=(round(box.left()), round(box.top()) - 2, round(box.right()), round(box.bottom())),
            picture=(round(picture.width()), round(picture.height())),
            own_face=faces[person.track_id],
            faces=[face for track_id, face in faces.items() if track_id != person.track_id],
            taken=taken,
        )
        if at is None:
            continue
        taken.append(at)
        plate = QRectF(at[0], at[1], size[0], size[1]).translated(picture.topLeft())
        _paint_plate(painter, plate, words, score, track_colour(person.track_id))


def _paint_plate(painter: QPainter, plate: QRectF, words: str, score: float | None, colour: QColor) -> None:
    ink = ink_on(colour)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawRoundedRect(plate, 4, 4)
    text = plate.adjusted(6, 1, -6, -5 if score is not None else -1)
    painter.setPen(ink)
    painter.drawText(text, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)
    if score is None:
        return
    bar = QRectF(plate.left() + 6, plate.bottom() - 5.5, plate.width() - 12, 2.5)
    painter.setPen(Qt.PenStyle.NoPen)
    faint = QColor(ink)
    faint.setAlphaF(0.25)
    painter.setBrush(faint)
    painter.drawRoundedRect(bar, 1.2, 1.2)
    painter.setBrush(ink)
    painter.drawRoundedRect(QRectF(bar.left(), bar.top(), bar.width() * score, bar.height()), 1.2, 1.2)


def _paint_scene(painter: QPainter, shown: ShownFrame, place: Place, font: QFont) -> None:
    lines = scene_lines(shown.observation.scene)
    if not lines:
        return
    metrics = QFontMetricsF(font)
    width = max(metrics.horizontalAdvance(line) for line in lines) + 16
    height = metrics.height() * len(lines) + 8
    _, frame_height = shown.frame_size
    plate = QRectF(place.x + 8, place.y + frame_height * place.scale - height - 8, width, height)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(_PLATE)
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(_LIGHT)
    painter.setFont(font)
    painter.drawText(plate.adjusted(8, 4, -8, -4), Qt.AlignmentFlag.AlignLeft, "\n".join(lines))


def _in_tile(face: Rectangle, place: Place) -> Rectangle:
    """A rectangle of the frame in logical pixels from the picture's corner."""
    left, top, right, bottom = (round(value * place.scale) for value in face)
    return left, top, right, bottom


def _line(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    return pen
