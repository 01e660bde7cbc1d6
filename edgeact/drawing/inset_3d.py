"""The 3D inset: one person's joints in space, as the camera sees them and from their side, in a corner of the frame."""

from dataclasses import dataclass

import cv2
import numpy as np

from edgeact.drawing.label_places import Rectangle
from edgeact.drawing.style import LEFT, LIGHT, RIGHT, SHIFT
from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Observation, Person, UInt8

_SHARE = 0.3  # of the picture's height
_SMALLEST = 48  # pixels: smaller figures say nothing
_METRES = 2.1  # that an inset's side shows: a person with an arm raised
_DARKEN = 0.35  # of the picture under it that stays
_FLOOR = (120, 125, 135)
_SETTLED_SECONDS = 2.0  # for so long another corner must be emptier before the inset moves there
# From where the two figures are seen: turned about the vertical by these angles (radians), and from a little above.
_VIEWS = (0.0, np.pi / 2)
_ABOVE = 0.2


@dataclass(slots=True)
class InsetCorner:
    """In which of the two right corners the inset stands: the emptier one, without jumping to and fro."""

    is_at_bottom: bool | None = None
    better_since: float | None = None

    def choose(self, observation: Observation, width: int, height: int) -> bool:
        """Whether the inset of so many pixels stands at the bottom in the next frame of a source."""
        rows, columns = observation.frame.image.shape[:2]
        covered = [
            sum(_overlap(person, (columns - width, top, columns, top + height)) for person in observation.persons)
            for top in (0, rows - height)
        ]
        time = observation.frame.time
        if self.is_at_bottom is None:
            self.is_at_bottom = covered[1] <= covered[0]
        if covered[0] == covered[1] or (covered[1] < covered[0]) == self.is_at_bottom:
            self.better_since = None
        elif self.better_since is None or time < self.better_since:
            self.better_since = time
        elif time - self.better_since >= _SETTLED_SECONDS:
            self.is_at_bottom, self.better_since = not self.is_at_bottom, None
        return self.is_at_bottom


def inset_place(observation: Observation, person: Person, corner: InsetCorner) -> Rectangle | None:
    """Where a person's inset stands in the next frame of a source: x_min, y_min, x_max, y_max.

    Args:
        observation: Of the frame.
        person: Whose pose is shown.
        corner: Remembers where the inset was in the frames before.

    Returns:
        None without `Pose.joints_3d`, and in pictures that are too small or too narrow.
    """
    rows, columns = observation.frame.image.shape[:2]
    side = round(_SHARE * rows)
    width = side * len(_VIEWS)
    if person.pose.joints_3d is None or side < _SMALLEST or width > columns // 2:
        return None
    top = rows - side if corner.choose(observation, width, side) else 0
    return columns - width, top, columns, top + side


def draw_inset_3d(image: UInt8, joints: Float32, place: Rectangle, *, skeleton: Skeleton) -> None:
    """Draw a person's joints in space into the picture, in place.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        joints: ``(J, 3)`` metres: x right, y down, z away.
        place: From `inset_place`.
        skeleton: What the joints follow.
    """
    left, top, right, bottom = place
    side = bottom - top
    panel = image[top:bottom, left:right]
    panel[:] = (panel * _DARKEN).astype(np.uint8)
    for number, turn in enumerate(_VIEWS):
        _draw_figure(panel[:, number * side : (number + 1) * side], joints, turn, skeleton)


def _overlap(person: Person, place: Rectangle) -> float:
    x0, y0, x1, y1 = (float(value) for value in person.box)
    return max(0.0, min(x1, place[2]) - max(x0, place[0])) * max(0.0, min(y1, place[3]) - max(y0, place[1]))


def _seen_from(points: Float32, turn: float) -> Float32:
    """Points ``(N, 3)`` x right, y down, z away, turned about the vertical, in a parallel view from a little above:
    ``(N, 2)`` metres.
    """
    x = points[:, 0] * np.cos(turn) - points[:, 2] * np.sin(turn)
    z = points[:, 0] * np.sin(turn) + points[:, 2] * np.cos(turn)
    return np.stack([x, points[:, 1] * np.cos(_ABOVE) - z * np.sin(_ABOVE)], -1).astype(np.float32)


def _draw_figure(panel: UInt8, joints: Float32, turn: float, skeleton: Skeleton) -> None:
    side = panel.shape[0]
    # The middle of what the person takes up stands in the middle: the pelvis would leave half of the room empty.
    middle = (joints.min(0) + joints.max(0)) / 2
    scale = side / max(_METRES, 1.1 * float(np.ptp(joints, axis=0).max()))
    floor = float(joints[:, 1].max()) + 0.05
    square = np.array([[-0.5, 0, -0.5], [0.5, 0, -0.5], [0.5, 0, 0.5], [-0.5, 0, 0.5]], np.float32)
    corners = np.concatenate([square + np.array([middle[0], floor, middle[2]], np.float32), joints]) - middle
    pixels = np.round((_seen_from(corners.astype(np.float32), turn) * scale + side / 2) * (1 << SHIFT)).astype(np.int32)
    thickness = max(1, round(side / 90))
    cv2.polylines(panel, [pixels[:4]], True, _FLOOR, 1, cv2.LINE_AA, SHIFT)
    points = pixels[4:]
    depth = joints[:, 0] * np.sin(turn) + joints[:, 2] * np.cos(turn)
    # The farthest bones first, so that nearer ones lie over them.
    for start, end in sorted(skeleton.bones, key=lambda bone: -float(depth[bone[0]] + depth[bone[1]])):
        name = skeleton.joints[end]
        colour = LEFT if name.startswith("left") else RIGHT if name.startswith("right") else LIGHT
        cv2.line(
            panel, tuple(points[start].tolist()), tuple(points[end].tolist()), colour, thickness, cv2.LINE_AA, SHIFT
        )
