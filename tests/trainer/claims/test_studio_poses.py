"""Rendered pictures of people in 3D: their joints lie on them, and what measures shows other motions and people."""

from pathlib import Path

import moderngl
import numpy as np
import pytest

from edgeact.errors import SourceNotFoundError
from tests.skip_gate import NO_EGL
from tests.trainer.claims.test_studio_clips import MOTIONS, people_in_purple
from trainer.claims import studio_poses
from trainer.claims.studio_poses import PICTURES, kinds_of_motion, render_studio_poses
from trainer.data.read_picture import read_rgb
from trainer.data.sample import Picture
from trainer.data.sets.studio_poses import read_focal_lengths, read_studio_poses
from trainer.data.studio.render import Renderer


def test_kinds_have_motions_enough() -> None:
    assert kinds_of_motion([*MOTIONS, *MOTIONS[:3]]) == {label: (label,) for label in ("jump", "punch", "run", "walk")}
    assert kinds_of_motion(MOTIONS[:3]) == {}


def test_a_folder_without_the_studio_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="check --data"):
        render_studio_poses(tmp_path, tmp_path / "out", training=1, measured=1, progress=lambda items, _: items)


@pytest.mark.data
def test_pictures_are_rendered_with_the_joints_of_their_people(
    shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, out = shared_folder / "data" / "studio", tmp_path / "out"
    assets = people_in_purple(studio)
    monkeypatch.setattr(studio_poses, "load_assets", lambda *_, **__: assets)
    monkeypatch.setattr(studio_poses, "kinds_of_motion", lambda _: {"jump": ("jump",)})
    try:
        Renderer((8, 8))
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)
    render_studio_poses(studio, out, training=1, measured=1, progress=lambda items, _: items)
    samples, focal = read_studio_poses(out).samples, read_focal_lengths(out)
    assert 2 <= len(samples) <= 2 * PICTURES
    assert {sample.split for sample in samples} == {"train", "test"}
    motions = {split: {one.source for one in samples if one.split == split} for split in ("train", "test")}
    assert not motions["train"] & motions["test"]
    for sample in samples:
        assert isinstance(sample.media, Picture)
        assert sample.joints is not None
        assert sample.joints_3d is not None
        image, joints = read_rgb(sample.media.path).astype(int), sample.joints[0, 0]
        colour = image[joints[:, 1].round().astype(int), joints[:, 0].round().astype(int)]
        purple = np.minimum(colour[:, 0], colour[:, 2]) - colour[:, 1] > 40
        assert purple.mean() > 0.8  # joints lie on the person; the head's top may lie a pixel outside
        ahead = sample.joints_3d[0, 0]
        seen = focal[sample.name] * ahead[:, :2] / ahead[:, 2:] + (image.shape[0] - 1) / 2
        assert seen == pytest.approx(joints, abs=0.05)
    monkeypatch.setattr(studio_poses, "load_assets", lambda *_, **__: pytest.fail("rendered again"))
    render_studio_poses(studio, out, training=1, measured=1, progress=lambda items, _: items)
