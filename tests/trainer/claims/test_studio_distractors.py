"""Rendered people beside others: the second is smaller, elsewhere and somebody else, and every variant is measured."""

from dataclasses import replace
from pathlib import Path

import moderngl
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from edgeact.errors import ConfigError, SourceNotFoundError
from edgeact.skeleton import MPII_16
from tests.skip_gate import NO_EGL
from tests.trainer.claims.test_studio_clips import people_in_purple
from trainer.claims import studio_distractors
from trainer.claims.second_person import add_second_person, standing_joints
from trainer.claims.studio_distractors import (
    MISLEADING,
    VARIANTS,
    StudioPictures,
    render_studio_pictures,
    studio_distractor_variants,
    tuned_studio_pictures,
)
from trainer.claims.tuned_blocks import try_tuned
from trainer.claims_cli import app
from trainer.data.studio.avatar import load_avatar
from trainer.data.studio.backplate import read_backplates
from trainer.data.studio.camera import Camera
from trainer.data.studio.light import scene_light
from trainer.data.studio.motion import load_motion, read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import Actor, Scene
from trainer.data.studio.wardrobe import Garment
from trainer.models.efficientnet_lite import EfficientNetLite

BLOCKS, SIDE = 15, 64


def tiny_pictures() -> StudioPictures:
    """Twelve squares of two actions, told by their colour; beside a second person they are black."""
    actions = np.arange(12) % 2
    pictures = np.zeros((12, SIDE, SIDE, 3), np.uint8)
    pictures[actions == 1, ..., 0] = 200
    measures = np.arange(12) >= 8
    boxes = np.tile(np.float32([0, 0, 31, 63]), (12, 1))
    joints = np.full((12, 16, 2), 10, np.float32)
    return StudioPictures(pictures, np.zeros_like(pictures[measures]), actions, boxes, joints, measures)


def test_every_variant_is_measured_alone_and_beside_somebody(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = EfficientNetLite(classes=0)
    found = tuned_studio_pictures(network, BLOCKS, tiny_pictures(), tmp_path, progress=lambda items, _: items)
    assert found.maps.shape == (12, 192, 2, 2)
    assert len(found.mirrored) == len(found.boxes) == len(found.joints) == 8
    assert found.misled_rows.tolist() == found.measured.tolist() == [8, 9, 10, 11]
    variants = studio_distractor_variants(network, BLOCKS, found)
    assert [one.name for one in variants] == list(VARIANTS)
    outcomes = try_tuned("a claim", variants, found, tmp_path, seeds=1, epochs=1)
    assert [one.variant for one in outcomes[:2]] == [
        "class loss alone", f"class loss alone, the same beside {MISLEADING}",
    ]  # fmt: skip
    assert len(outcomes) == 2 * len(variants)
    other = replace(tiny_pictures(), misled=tiny_pictures().pictures[8:])
    again = tuned_studio_pictures(network, BLOCKS, other, tmp_path, progress=lambda items, _: items)
    assert not np.array_equal(again.misled, found.misled)  # maps are kept by what the pictures show


def test_a_folder_without_the_studio_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="check --data"):
        render_studio_pictures(tmp_path, tmp_path / "out", training=1, measured=1, progress=lambda items, _: items)


def test_an_unknown_variant_is_refused_with_the_names_of_all(tmp_path: Path) -> None:
    arguments = ["studio_distractors", "--weights", str(tmp_path / "none.pth"), "--only", "median"]
    found = CliRunner().invoke(app, arguments)
    assert isinstance(found.exception, ConfigError)
    assert "no variant is called 'median'" in str(found.exception)
    assert all(name in str(found.exception) for name in VARIANTS)


@pytest.fixture
def scene(shared_folder: Path) -> tuple[Scene, Actor]:
    """Somebody four metres before the camera, large in the square, and somebody else who stands there too."""
    studio = shared_folder / "data" / "studio"
    entry = next(entry for entry in read_manifest(studio) if entry.name == "m2m_base__Walk_Loop")
    motion, plate = load_motion(studio / "motion" / entry.file, label="walk"), next(iter(read_backplates().values()))

    def stands(name: str) -> Actor:
        avatar = load_avatar(studio / "avatars" / f"{name}.npz")
        clothes = (Garment(avatar.faces, np.full((4, 4, 3), 255, np.uint8)),)
        return Actor(avatar, clothes, motion, (0.0, -4.0))

    camera = Camera((0.0, 1.2, 0.0), 0.0, 0.05, 0.6)
    light = scene_light(studio, plate)
    first = stands("Male_Adult_04")
    return Scene(np.zeros((8, 8, 3), np.uint8), plate, light, (first,), camera, 1.0), stands("Female_Adult_01")


@pytest.mark.data
def test_the_second_person_is_smaller_and_beside_the_first(scene: tuple[Scene, Actor]) -> None:
    alone, second = scene
    sides = set()
    for seed in range(12):
        both = add_second_person(alone, second, np.random.default_rng(seed))
        assert both is not None
        first, other = (both.camera.to_pixels(standing_joints(actor), (SIDE, SIDE)) for actor in both.actors)
        assert other.min() > 0
        assert other.max() < SIDE - 1
        assert 0.3 < np.ptp(other, axis=0).max() / np.ptp(first, axis=0).max() < 0.8
        away = other[:, 0].mean() - first[:, 0].mean()
        assert abs(away) > 0.1 * SIDE
        assert np.ptp([standing_joints(actor)[:, 1].min() for actor in both.actors]) < 0.1  # both on the floor
        sides.add(away > 0)
        assert both.actors[0] is alone.actors[0]
    assert sides == {True, False}


@pytest.mark.data
def test_where_there_is_no_room_nobody_is_added(scene: tuple[Scene, Actor]) -> None:
    alone, second = scene
    narrow = replace(alone, camera=replace(alone.camera, field_of_view=0.1))
    assert add_second_person(narrow, second, np.random.default_rng(0)) is None


@pytest.mark.data
def test_pictures_are_rendered_once_alone_and_beside_somebody(
    shared_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio = shared_folder / "data" / "studio"
    purple = people_in_purple(studio)
    plain = []
    for name in ("Female_Adult_03", "Male_Adult_01"):
        avatar = load_avatar(studio / "avatars" / f"{name}.npz")
        plain.append((avatar, (Garment(avatar.faces, np.full((4, 4, 3), [0, 255, 0], np.uint8)),)))
    assets = replace(purple, people=(*purple.people, *plain))
    monkeypatch.setattr(studio_distractors, "load_assets", lambda *_, **__: assets)
    monkeypatch.setattr(studio_distractors, "assets_apart", lambda all_of_them, **_: all_of_them)
    monkeypatch.setattr(studio_distractors, "ACTIONS", {"jump": ("jump",), "punch": ("punch",)})

    def read() -> StudioPictures:
        return render_studio_pictures(
            studio, tmp_path, training=1, measured=1, progress=lambda items, _: items, side=SIDE
        )

    try:
        Renderer((8, 8))
    except (RuntimeError, OSError, moderngl.Error):
        pytest.skip(NO_EGL)
    found = read()
    assert found.pictures.shape == (4, SIDE, SIDE, 3)
    assert found.misled.shape == (2, SIDE, SIDE, 3)
    assert found.actions.tolist() == [0, 0, 1, 1]
    assert found.measures.tolist() == [False, True, False, True]
    for row, beside in zip(np.flatnonzero(found.measures), found.misled, strict=True):
        x_min, y_min, x_max, y_max = found.boxes[row].astype(int)
        changed = np.abs(found.pictures[row].astype(int) - beside).max(-1) > 12
        assert 0.005 < changed.mean() < 0.3  # somebody else is there
        assert changed[y_min:y_max, x_min:x_max].mean() < 0.2  # and elsewhere
        pelvis = found.joints[row, MPII_16.index("pelvis")]
        assert x_min < pelvis[0] < x_max
        assert y_min < pelvis[1] < y_max
    monkeypatch.setattr(studio_distractors, "load_assets", lambda *_, **__: pytest.fail("rendered again"))
    assert (read().misled == found.misled).all()
