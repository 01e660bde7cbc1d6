"""The 3D inset: in a corner, only where there is 3D, of the right person, without jumping."""

from dataclasses import replace

import numpy as np
import pytest

from edgeact.bundle.load import load_bundle
from edgeact.drawing.drawer import make_drawer
from edgeact.drawing.inset_3d import InsetCorner, draw_inset_3d, inset_place
from edgeact.drawing.style import track_colour
from edgeact.skeleton import BODY_21
from edgeact.types import Frame, Observation, Person, Pose
from tests.tiny_bundle import build_tiny_bundle

_SIZE = (240, 320)


def person(box: tuple[int, int, int, int] = (20, 60, 70, 230), *, with_3d: bool = True) -> Person:
    """Somebody who stands, in front of the left half of the picture."""
    rng = np.random.default_rng(0)
    joints = np.stack([rng.uniform(box[0], box[2], 21), rng.uniform(box[1], box[3], 21)], -1).astype(np.float32)
    space = np.concatenate([(joints - joints.mean(0)) / 100, rng.normal(0, 0.1, (21, 1))], -1).astype(np.float32)
    pose = Pose(joints, np.ones(21, np.float32), space if with_3d else None)
    return Person(1, np.array(box, np.float32), 0.9, pose)


def observation(*persons: Person, time: float = 0.0) -> Observation:
    return Observation(Frame(0, time, np.full((*_SIZE, 3), 90, np.uint8)), persons)


def draw_into(image: np.ndarray, seen: Observation) -> tuple[int, int, int, int]:
    """The inset of the first person."""
    shown = seen.persons[0]
    place = inset_place(seen, shown, InsetCorner())
    assert place is not None
    assert shown.pose.joints_3d is not None
    draw_inset_3d(image, shown.pose.joints_3d, place, skeleton=BODY_21)
    return place


def test_the_inset_stays_in_its_corner() -> None:
    seen = observation(person())
    image = seen.frame.image.copy()
    place = draw_into(image, seen)
    changed = (image != 90).any(2)
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    assert (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1) == place
    assert place[2] == _SIZE[1]


@pytest.mark.parametrize("size", [_SIZE, (40, 60)])
def test_without_3d_and_in_tiny_pictures_nothing_is_drawn(size: tuple[int, int]) -> None:
    shown = person(with_3d=size != _SIZE)
    seen = Observation(Frame(0, 0.0, np.full((*size, 3), 90, np.uint8)), (shown,))
    assert inset_place(seen, shown, InsetCorner()) is None


def test_both_sides_of_the_body_have_their_colour() -> None:
    seen = observation(person())
    image = seen.frame.image.copy()
    draw_into(image, seen)
    for red, blue in ((80, 255), (255, 60)):  # left, right
        assert ((np.abs(image[..., 0].astype(int) - red) < 20) & (np.abs(image[..., 2].astype(int) - blue) < 20)).any()


def test_the_inset_goes_where_nobody_is_and_not_at_once() -> None:
    corner = InsetCorner()
    low, high = person((230, 160, 310, 235)), person((230, 5, 310, 90))
    assert not corner.choose(observation(low), 144, 72)
    assert not corner.choose(observation(high, time=1.0), 144, 72)
    assert not corner.choose(observation(high, time=2.5), 144, 72)
    assert corner.choose(observation(high, time=3.5), 144, 72)


def test_it_is_drawn_only_when_it_is_asked_for(tmp_path) -> None:  # type: ignore[no-untyped-def]
    plan = load_bundle(build_tiny_bundle(tmp_path / "bundle")).plan
    joints = len(plan.skeleton.joints)
    whole = person()
    pose = Pose(whole.pose.joints[:joints], whole.pose.confidence[:joints], np.zeros((joints, 3), np.float32))
    seen = observation(replace(whole, pose=pose))
    plain, with_3d = make_drawer(plan)(seen), make_drawer(plan, with_3d=True)(seen)
    changed = np.flatnonzero((plain != with_3d).any((0, 2)))
    assert len(changed)
    assert changed.min() >= _SIZE[1] // 2


def test_no_label_stands_under_the_inset(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Of somebody whose head is at the inset, the plate goes elsewhere, whole."""
    plan = load_bundle(build_tiny_bundle(tmp_path / "bundle")).plan
    joints = len(plan.skeleton.joints)
    whole = person((200, 30, 300, 235))
    pose = Pose(whole.pose.joints[:joints], np.zeros(joints, np.float32), np.zeros((joints, 3), np.float32))
    seen = observation(replace(whole, pose=pose))
    colour = np.array(track_colour(1))
    with_3d, plain = (make_drawer(plan, with_3d=asked)(seen) for asked in (True, False))
    widest = [int((image == colour).all(2).sum(1).max()) for image in (with_3d, plain)]
    assert widest[0] >= 0.9 * widest[1]
