"""Scenes of single people: what is seen of a motion, and that the person lies on the floor, whole in the picture."""

from pathlib import Path

import moderngl
import numpy as np
import pytest

from edgeact.skeleton import BODY_21
from tests.skip_gate import NO_EGL
from trainer.data.studio.action_clips import VIEWS, ActionClipPlan, Group
from trainer.data.studio.action_scenes import SECONDS, SIZE, build_scene, fill_time, laid_down, lies_from
from trainer.data.studio.assets import Assets
from trainer.data.studio.avatar import load_avatar
from trainer.data.studio.backplate import read_backplates
from trainer.data.studio.motion import Motion, MotionEntry, load_motion, thin
from trainer.data.studio.render import Renderer
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import render_scene
from trainer.data.studio.wardrobe import Garment


def motion(label: str, heights: np.ndarray, turned: np.ndarray | None = None) -> Motion:
    """Hips at heights ``(T,)``; every bone turned about X by angles ``(T,)`` in radians."""
    angle = np.zeros(len(heights)) if turned is None else turned
    quaternion = np.stack([np.sin(angle / 2), 0 * angle, 0 * angle, np.cos(angle / 2)], -1)
    hips = np.stack([0 * heights, heights, 0 * heights], 1)
    return Motion("made", label, np.repeat(quaternion[:, None], 19, 1), hips, ("hip",) * 19, 30.0)


def test_of_a_fall_its_end_is_seen() -> None:
    fall = motion("fall", np.concatenate([np.full(20, 1.0), np.linspace(1.0, 0.1, 10), np.full(15, 0.1)]))
    assert 27 <= lies_from(fall) <= 30
    seen = fill_time(fall, np.random.default_rng(0), liveliest=False)
    assert seen.hips[:, 1].max() < 0.2
    assert lies_from(motion("lie_down", np.full(9, 0.1))) == 0  # who lies already
    turning = np.concatenate([np.linspace(1.5, 0, 40), np.zeros(5)])  # hips are down, and the body still turns
    assert 30 <= lies_from(motion("lie_down", np.full(45, 0.1), turning)) < 40


def test_a_short_motion_is_repeated_only_where_its_end_leads_on_to_its_beginning() -> None:
    rng = np.random.default_rng(0)
    wave = motion("wave", np.ones(30), np.sin(np.linspace(0, 2 * np.pi, 30)))
    assert len(fill_time(wave, rng, liveliest=True).hips) > SECONDS * 30
    bow = motion("bow", np.ones(30), np.linspace(0, 1.5, 30))
    assert len(fill_time(bow, rng, liveliest=True).hips) == 30


def test_the_liveliest_part_of_a_long_motion_is_seen() -> None:
    turned = np.concatenate([np.zeros(200), np.linspace(0, 3, 40), np.full(200, 3.0)])
    seen = fill_time(motion("punch", np.ones(440), turned), np.random.default_rng(0), liveliest=True)
    assert len(seen.hips) == SECONDS * 30 + 2
    quaternions = seen.rotations[:, 0]
    assert quaternions[0] @ quaternions[-1] == pytest.approx(np.cos(1.5))  # all three radians lie in between


@pytest.fixture
def renderer() -> Renderer:
    try:
        return Renderer(SIZE)
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)


@pytest.fixture
def assets(shared_folder: Path) -> Assets:
    """One avatar, in grey."""
    studio = shared_folder / "data" / "studio"
    avatar = load_avatar(studio / "avatars" / "Male_Adult_04.npz")
    clothes = (Garment(avatar.faces, np.full((4, 4, 3), 120, np.uint8)),)
    tiles = tuple(sorted((studio / "textures").glob("Concrete*.jpg"))[:1])
    return Assets(studio, ((avatar, clothes),), {}, tuple(read_backplates().values()), tiles)


@pytest.mark.data
def test_a_body_that_would_lie_in_the_air_comes_to_rest(assets: Assets) -> None:
    avatar = assets.people[0][0]
    fall = load_motion(assets.studio / "motion" / "kaykit__Death_A.npz", label="fall")
    end = thin(fall, np.array([len(fall.hips) - 1]))
    pelvis, thorax = BODY_21.index("pelvis"), BODY_21.index("thorax")
    before = pose_avatar(end, avatar).joints[0, [pelvis, thorax], 1]
    after = pose_avatar(laid_down(end, avatar), avatar).joints[0, [pelvis, thorax], 1]
    assert before.min() > 0.4  # metres: the short legs of the source hold the avatar up
    assert after.max() < 0.3


@pytest.mark.data
@pytest.mark.parametrize("view", VIEWS)
def test_a_lying_person_is_whole_in_the_picture_and_on_the_floor(view: str, assets: Assets, renderer: Renderer) -> None:
    entry = MotionEntry("m2m_addon__Sleeping.npz", "lie", "m2m_addon", "Sleeping", "CC0")
    plan = ActionClipPlan(Group.ON_THE_FLOOR, 0, entry, view, ())
    scene = build_scene(plan, assets, seed=1)
    again = build_scene(plan, assets, seed=1)
    assert (scene.camera, scene.actors[0].position) == (again.camera, again.actors[0].position)
    assert build_scene(plan, assets, seed=2).camera != scene.camera
    joints = pose_avatar(scene.actors[0].motion, scene.actors[0].avatar).joints
    assert joints[..., 1].max() < 0.6  # metres: nothing of the person is higher than the chest of somebody on the side
    with renderer:
        frame = next(render_scene(scene, size=SIZE, renderer=renderer))
    (person,) = frame.persons
    assert (person.box[:2] > 0).all()
    assert (person.box[2:] < np.array(SIZE) - 1).all()
    assert person.joints[:, 2].all()
    rows, columns = np.nonzero(person.mask)
    assert [columns.min(), rows.min(), columns.max(), rows.max()] == person.box.tolist()
    assert person.mask.shape == SIZE[::-1]
    assert np.ptp(person.box.reshape(2, 2), axis=0).max() >= 60  # pixels: the smallest person that marks speak of
    if view == "above":
        assert scene.camera.pitch > 0.7
