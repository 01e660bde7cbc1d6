"""Draws the frames of one source, one after the other: steadily, and with the insets where they were."""

from collections.abc import Callable
from functools import partial

from edgeact.bundle.plan import Plan
from edgeact.drawing.inset_3d import InsetCorner, draw_inset_3d, inset_place
from edgeact.drawing.overlay import draw
from edgeact.drawing.part_insets import InsetStrip
from edgeact.drawing.scene_labels import SceneCorner
from edgeact.drawing.steady import SteadyPersons
from edgeact.types import Observation, UInt8


def make_drawer(plan: Plan, *, with_3d: bool = False) -> Callable[[Observation], UInt8]:
    """A function that draws every observation of a source into a copy of its frame ``(H, W, 3)`` uint8 RGB.

    Args:
        plan: Of the bundle that the observations come from.
        with_3d: Whether the person whose parts are shown enlarged is also drawn in space, where the bundle gives 3D.
    """
    corner = SceneCorner()
    if plan.persons is None:
        return partial(draw, skeleton=None, joint_confidence=0.0, corner=corner)
    skeleton, joint_confidence = plan.skeleton, plan.joint_confidence
    strip, steady = InsetStrip(), SteadyPersons(skeleton=skeleton, joint_confidence=joint_confidence)
    inset_corner = InsetCorner()

    def draw_next(observation: Observation) -> UInt8:
        smoothed = steady.smooth(observation)
        shown = strip.choose(smoothed) if with_3d else None
        place = None if shown is None else inset_place(smoothed, shown, inset_corner)
        image = draw(
            smoothed,
            skeleton=skeleton,
            joint_confidence=joint_confidence,
            strip=strip,
            corner=corner,
            kept_free=() if place is None else (place,),
        )
        if shown is not None and shown.pose.joints_3d is not None and place is not None:
            draw_inset_3d(image, shown.pose.joints_3d, place, skeleton=skeleton)
        return image

    return draw_next
