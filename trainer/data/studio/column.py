"""Things to hide behind: square columns that stand on the floor, drawn by the same renderer as the people."""

from dataclasses import dataclass

import numpy as np

from edgeact.types import UInt8
from trainer.data.studio.avatar import Avatar
from trainer.data.studio.wardrobe import Garment

# The sides of a unit box (x, y, z in -.5 .. .5, 0 .. 1, -.5 .. .5): normal, and the two directions that span it.
_SIDES = (
    ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    ((0, 0, -1), (-1, 0, 0), (0, 1, 0)),
    ((1, 0, 0), (0, 0, -1), (0, 1, 0)),
    ((-1, 0, 0), (0, 0, 1), (0, 1, 0)),
    ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column: a rigid figure of one bone.

    Attributes:
        body: Its mesh.
        surface: What covers it.
        position: X and Z of its middle, in metres.
    """

    body: Avatar
    surface: tuple[Garment, ...]
    position: tuple[float, float]


def make_column(texture: UInt8, *, position: tuple[float, float], width: float, height: float) -> Column:
    """A column of some width and height in metres, covered with a texture ``(S, S, 3)`` uint8 RGB."""
    corners: list[np.ndarray] = []
    normals, uv, faces = [], [], []
    for normal, across, up in _SIDES:
        first = len(corners)
        for u, v in ((-0.5, 0.0), (0.5, 0.0), (0.5, 1.0), (-0.5, 1.0)):
            # Sides rise from the floor; the lid lies across the top.
            lift = v if up[1] else v - 0.5
            place = 0.5 * np.array(normal) * [1, 0, 1] + u * np.array(across) + lift * np.array(up)
            corners.append((place + ([0, 0, 0] if up[1] else [0, 1, 0])) * [width, height, width])
            normals.append(normal)
            uv.append((u + 0.5, v))
        faces += [(first, first + 1, first + 2), (first, first + 2, first + 3)]
    count = len(corners)
    body = Avatar(
        name="column",
        vertices=np.array(corners, np.float32),
        normals=np.array(normals, np.float32),
        uv=np.array(uv, np.float32),
        faces=np.array(faces, np.int32),
        materials=(("surface", 0, len(faces)),),
        skin_bones=np.zeros((count, 4), int),
        skin_weights=np.tile(np.array([1, 0, 0, 0], np.float32), (count, 1)),
        bones=("column",),
        parents=np.array([-1]),
        bind=np.eye(4)[None],
        order=(0,),
        driven={},
        joint_bones=np.zeros(0, int),
        joint_offsets=np.zeros((0, 3)),
    )
    return Column(body, (Garment(body.faces, texture, repeat=2.0),), position)
