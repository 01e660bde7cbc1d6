"""Scenes of mannequins: nobody in them moves, the camera does, and each scene can be made again."""

from pathlib import Path

import moderngl
import numpy as np
import pytest

from edgeact.skeleton import BODY_21
from tests.skip_gate import NO_EGL
from trainer.data.studio.assets import Assets
from trainer.data.studio.avatar import load_avatar
from trainer.data.studio.backplate import read_backplates
from trainer.data.studio.mannequins import PLACES, POSES, SIZE, build_scene, plan_mannequins, rest_pose
from trainer.data.studio.motion import read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.retarget import pose_avatar
from trainer.data.studio.scene import render_scene
from trainer.data.wild_split import wild_split


@pytest.fixture
def assets(shared_folder: Path) -> Assets:
    """One avatar, and all motions and places."""
    studio = shared_folder / "data" / "studio"
    avatar = load_avatar(studio / "avatars_untextured" / "Male_Adult_01.npz")
    motions: dict = {}
    for entry in read_manifest(studio):
        motions.setdefault(entry.label, []).append(entry)
    return Assets(studio, ((avatar, ()),), motions, tuple(read_backplates().values()), ())


def test_the_kinds_of_poses_take_turns() -> None:
    plans = plan_mannequins(4)
    assert [plan.pose for plan in plans] == [*POSES, POSES[0]]
    assert len({plan.name for plan in plans}) == 4


def test_mannequins_stand_in_places_that_train_nothing() -> None:
    assert {wild_split("panoramas", f"{place}.jpg") for place in PLACES} == {"measure"}


@pytest.mark.data
def test_a_mannequin_at_rest_has_its_arms_out_and_stands(assets: Assets) -> None:
    (joints,) = pose_avatar(rest_pose(), assets.people[0][0]).joints
    left, right, knee, head = (
        joints[BODY_21.index(name)] for name in ("left_wrist", "right_wrist", "left_knee", "head_top")
    )
    assert abs(left[1] - right[1]) < 0.05
    assert left[0] - right[0] > 1.2  # metres
    assert 0.3 < knee[1] < 0.7 < 1.5 < head[1]


@pytest.mark.data
@pytest.mark.parametrize("number", range(len(POSES)))
def test_figures_keep_still_before_a_camera_that_turns(number: int, assets: Assets) -> None:
    plan = plan_mannequins(len(POSES))[number]
    scene, again = build_scene(plan, assets), build_scene(plan, assets)
    assert (scene.camera, scene.actors[0].position) == (again.camera, again.actors[0].position)
    assert scene.camera_end is not None
    assert scene.camera_end != scene.camera
    assert scene.camera_end.position == scene.camera.position
    assert all(len(actor.motion.hips) == 1 for actor in scene.actors)
    try:
        renderer = Renderer(SIZE)
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)
    with renderer:
        first, *_, last = render_scene(scene, size=SIZE, renderer=renderer, frame_rate=0.5)
    for frame in (first, last):
        figure = frame.persons[0]
        assert figure.actor == 0
        assert figure.joints[:, 2].all() or len(frame.persons) > 1  # whole, unless another one stands before it
    # What stays in the world stays so before the camera, up to the camera's own turn.
    lengths = [
        np.linalg.norm(frame.persons[0].joints_3d - frame.persons[0].joints_3d[0], axis=1) for frame in (first, last)
    ]
    assert np.allclose(*lengths, atol=1e-3)


@pytest.mark.data
def test_a_figure_of_plastic_has_one_colour_where_a_person_has_skin(assets: Assets) -> None:
    from trainer.data.studio.wardrobe import plain_body, tiled_clothes

    avatar, colour = assets.people[0][0], (0.8, 0.7, 0.6)
    (body,) = plain_body(avatar, colour)
    assert body.tint == colour
    dressed = tiled_clothes(avatar, assets.studio, np.random.default_rng(0), plastic=colour)
    person = tiled_clothes(avatar, assets.studio, np.random.default_rng(0))
    assert sum(len(garment.faces) for garment in dressed) == len(body.faces)
    changed = [new.tint for new, old in zip(dressed, person, strict=True) if new.tint != old.tint]
    assert changed
    assert set(changed) == {colour}
    assert all(garment.texture.shape[0] < 512 for garment in dressed)  # no face
