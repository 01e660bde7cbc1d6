"""Draws what is known of a frame into a copy of it: who, in which pose, doing what, and where that was seen.

Everything is sized by the picture, so that it reads the same at 320×240 and at 4K. Only the boxes of persons are
blended; the rest of the frame is copied once.
"""

import cv2

from edgeact.drawing.heat import blend_attention, blend_disc, shown_attention, shown_scene_attention
from edgeact.drawing.joint_discs import joint_discs
from edgeact.drawing.label_places import Rectangle, face_rectangle
from edgeact.drawing.part_insets import InsetStrip, draw_insets, mark_parts
from edgeact.drawing.person_label import draw_label
from edgeact.drawing.scene_labels import SceneCorner, draw_scene_labels
from edgeact.drawing.stick_figure import draw_pose
from edgeact.drawing.style import THINNEST, Colour, track_colour
from edgeact.skeleton import Skeleton
from edgeact.types import Float32, Observation, Person, UInt8

# Of the picture's shorter side, at which a bone is two pixels wide and text has half of the font's size
_REFERENCE_SIDE = 480
_REFERENCE_PERSON = 160  # pixels, of the longer side of the box, at which a bone is two pixels wide at most


def draw(
    observation: Observation,
    *,
    skeleton: Skeleton | None,
    joint_confidence: float,
    strip: InsetStrip | None = None,
    corner: SceneCorner | None = None,
    kept_free: tuple[Rectangle, ...] = (),
) -> UInt8:
    """A copy of the frame with everything drawn into it.

    Args:
        observation: Of one frame.
        skeleton: What its poses follow; None where the bundle follows no persons.
        joint_confidence: Joints that are less confident are not drawn.
        strip: Remembers where the insets were in the frames before; without one each frame stands for itself.
        corner: Remembers where the labels of the scene were in the frames before.
        kept_free: Where no label may stand.

    Returns:
        ``(H, W, 3)`` uint8 RGB.
    """
    image = observation.frame.image.copy()
    scale = max(min(image.shape[:2]) / _REFERENCE_SIDE, 0.5)
    for attention in shown_scene_attention(observation):
        blend_attention(image, attention)
    faces: dict[int, Rectangle] = {}
    taken = list(kept_free)
    if skeleton is not None:
        _draw_persons(image, observation, skeleton, joint_confidence, scale, strip or InsetStrip(), faces, taken)
    draw_scene_labels(
        image,
        observation.scene,
        scale=scale,
        corner=corner or SceneCorner(),
        faces=list(faces.values()),
        taken=taken,
    )
    return image


def _draw_persons(
    image: UInt8,
    observation: Observation,
    skeleton: Skeleton,
    joint_confidence: float,
    scale: float,
    strip: InsetStrip,
    faces: dict[int, Rectangle],
    taken: list[Rectangle],
) -> None:
    """All persons, in place; adds where their faces are, by track, and where labels and insets were drawn."""
    for person in observation.persons:
        _draw_attention(image, person, skeleton, joint_confidence, scale)
    chosen = strip.choose(observation)
    for person in observation.persons:
        _draw_box(image, person.box, track_colour(person.track_id), scale)
        if person is chosen:
            mark_parts(image, person, scale)
        figure_scale = _figure_scale(person, scale)
        draw_pose(image, person, skeleton=skeleton, threshold=joint_confidence, scale=figure_scale)
    if chosen is not None:
        taken += draw_insets(image, observation, chosen, scale, strip, taken)
    for person in observation.persons:
        faces[person.track_id] = face_rectangle(person, skeleton=skeleton, threshold=joint_confidence)
    for person in sorted(observation.persons, key=lambda person: float(person.box[1])):
        draw_label(image, person, scale, joint_confidence, faces, taken)


def _figure_scale(person: Person, scale: float) -> float:
    """How large joints and bones are drawn: by the picture, but in a crowd no larger than the person allows."""
    return min(scale, float((person.box[2:] - person.box[:2]).max()) / _REFERENCE_PERSON)


def _draw_attention(image: UInt8, person: Person, skeleton: Skeleton, joint_confidence: float, scale: float) -> None:
    """The joints that decided the action in force, or the map of a picture, over a person; in place."""
    for attention in shown_attention(person):
        if attention.joints is None:
            blend_attention(image, attention)
        elif attention.label is not None:
            for disc in joint_discs(
                attention.joints, person, skeleton=skeleton, threshold=joint_confidence, scale=scale
            ):
                blend_disc(image, disc)


def _draw_box(image: UInt8, box: Float32, colour: Colour, scale: float) -> None:
    x0, y0, x1, y1 = (round(float(value)) for value in box)
    cv2.rectangle(image, (x0, y0), (x1, y1), colour, max(THINNEST, round(1.2 * scale)), cv2.LINE_AA)
