"""Errors of 3D joints on views of known cameras; what a bundle without a lifter says."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceNotFoundError, UsageError
from edgeact.skeleton import LIMB_JOINTS
from edgeact.types import Float32
from tests.tiny_bundle import build_tiny_bundle
from tests.trainer.data.lifting.walkers import exact_bank, walker
from trainer.cli import app
from trainer.data.lifting.measured import human36m, humaneva
from trainer.evaluate.lifting import (
    bundle_lifter,
    from_line_of_sight,
    lift_track,
    measure_lifting,
    read_error_bank,
    steadiness_of,
    with_our_errors,
)
from trainer.inputs.lifter_clip import CLIP_LENGTH

_FRAMES = 40
# Human3.6M's and HumanEva's own orders, as limb joints of ours.
_H36M_ROWS = {11: 5, 14: 6, 12: 7, 15: 8, 13: 9, 16: 10, 4: 11, 1: 12, 5: 13, 2: 14, 6: 15, 3: 16}
_HOURGLASS_ROWS = {13: 5, 12: 6, 14: 7, 11: 8, 15: 9, 10: 10, 3: 11, 2: 12, 4: 13, 1: 14, 5: 15, 0: 16}
_HUMANEVA_ROWS = {2: 5, 5: 6, 3: 7, 6: 8, 4: 9, 7: 10, 8: 11, 11: 12, 9: 13, 12: 14, 10: 15, 13: 16}
# The camera stands 5 m before the person, to the side of the optical axis: its axes are x right, y down, z forward.
_TURN = np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])  # of a world whose Z is up
_PLACE = np.array([800.0, -5000, 1000])


def _world() -> np.ndarray:
    """The walker in millimetres, Z up: ``(T, 21, 3)``."""
    joints = walker(frames=_FRAMES).joints
    return np.stack([joints[..., 0], -joints[..., 2], joints[..., 1]], -1) * 1000


def _rows(world: np.ndarray, rows: dict[int, int], count: int) -> np.ndarray:
    found = np.zeros((len(world), count, world.shape[-1]))
    for theirs, ours in rows.items():
        found[:, theirs] = world[:, ours]
    return found


def tiny_sets(root: Path) -> Path:
    """Human3.6M and HumanEva in their own layouts: one short sequence each."""
    world = _world()
    seen = (world - _PLACE) @ _TURN.T
    flat = seen[..., :2] / seen[..., 2:] * 1145 + 512
    h36m, eva = root / "h36m", root / "humaneva"
    h36m.mkdir(parents=True)
    eva.mkdir()
    skeleton = _rows(world, _H36M_ROWS, 17)
    skeleton[:, 0] = world[:, 20]
    length = np.array([_FRAMES])
    np.savez(h36m / "h36m_xyz10hz.npz", name=["S9/Walking 1"], length=length, xyz_mm=skeleton.astype(np.int16))
    np.savez(
        h36m / "cameras.npz", subject=["S9"], camera=["54138969"], R=_TURN[None], T=_PLACE[None],
        f=np.full((1, 2), 1145.0), c=np.full((1, 2), 512.0), k=np.zeros((1, 3)), p=np.zeros((1, 2)),
    )  # fmt: skip
    hourglass = np.round(_rows(flat, _HOURGLASS_ROWS, 16) * 4).astype(np.int16)
    np.savez(h36m / "h36m_sh2d.npz", name=["S9/Walking 1/54138969"], length=length, uv_quarter_px=hourglass)
    uv = np.repeat(_rows(flat, _HUMANEVA_ROWS, 15)[:, None], 3, 1).astype(np.float32)
    uv[:, :, [0, 1, 14]] = flat[:, None, [20, 19, 17]]
    xyz = _rows(world, _HUMANEVA_ROWS, 15)
    xyz[:, [0, 1, 14]] = world[:, [20, 19, 17]]
    np.savez(eva / "humaneva15.npz", name=["Validate/S1/Walking 1 chunk0"], length=length, xyz_mm=xyz, uv_px=uv)
    return root


def test_views_hold_the_joints_along_the_cameras_axes(tmp_path: Path) -> None:
    (view,) = human36m(tiny_sets(tmp_path) / "h36m", "annotated")
    world = _world()
    wanted = (world[:, LIMB_JOINTS] - world[:, [20]]) @ _TURN.T / 1000
    assert np.allclose(view.joints, wanted, atol=2e-3)
    assert view.action == "Walking"
    assert view.sight[0, 0] < -0.1  # the person stands to the left of the optical axis
    (found,) = human36m(tmp_path / "h36m", "hourglass")
    assert np.allclose(found.poses, view.poses, atol=1.0)


def test_humanevas_cameras_are_found_from_its_pictures(tmp_path: Path) -> None:
    views = list(humaneva(tiny_sets(tmp_path) / "humaneva"))
    (h36m,) = human36m(tmp_path / "h36m", "annotated")
    assert len(views) == 3
    assert np.allclose(views[0].joints, h36m.joints, atol=0.02)


def test_a_lifter_that_is_right_has_no_error_and_a_turned_one_only_before_alignment(tmp_path: Path) -> None:
    data = tiny_sets(tmp_path)
    (view,) = human36m(data / "h36m", "annotated")
    answers = np.zeros((_FRAMES, 21, 3), np.float32)
    sight = view.sight.astype(np.float64)
    back = sight * [-1, -1, 1]  # the inverse turn: along the line of sight to the other side
    answers[:, LIMB_JOINTS] = from_line_of_sight(view.joints, back.astype(np.float32))
    upside_down = answers * np.float32([-1, -1, 1])
    for answer, low, high in ((answers, 0, 3), (upside_down, 400, 2000)):
        position = iter(range(1000))

        def lift(clips: Float32, answer: Float32 = answer, position=position) -> Float32:  # type: ignore[no-untyped-def]
            return np.stack([answer[(4 + 5 * next(position)) % _FRAMES] for _ in clips])

        figures = measure_lifting(lift, data, None)["human36m_annotated"]
        assert low <= figures["mpjpe_mm"] <= high
        assert figures["p_mpjpe_mm"] < 3
        assert figures["poses"] == 8


def test_a_track_is_lifted_as_the_runtime_would(tmp_path: Path) -> None:
    """The clip of a frame ends with it, and repeats the first frame where the track is younger."""
    poses = np.zeros((30, 21, 3), np.float32)
    poses[:, 0, 0] = np.arange(30)
    seen = []

    def lift(clips: Float32) -> Float32:
        seen.append(clips)
        return np.zeros((len(clips), 21, 3), np.float32)

    lift_track(lift, poses, np.arange(30) / 10)
    (clips,) = seen
    assert clips[29, :, 0, 0].tolist() == list(range(30 - CLIP_LENGTH, 30))
    assert clips[2, :, 0, 0].tolist() == [0] * (CLIP_LENGTH - 2) + [1, 2]


def test_our_errors_come_with_our_confidence(tmp_path: Path) -> None:
    (view,) = human36m(tiny_sets(tmp_path) / "h36m", "annotated")
    bank = exact_bank()
    bank[..., 0], bank[..., 2] = 0.2, 0.6
    noisy = with_our_errors(view, bank)
    torso = np.linalg.norm(view.poses[0, 5, :2] - view.poses[0, 11, :2])
    moved = (noisy - view.poses)[:, LIMB_JOINTS, 0].mean()
    assert moved == pytest.approx(0.2 * torso, rel=0.1)
    assert np.allclose(noisy[:, LIMB_JOINTS, 2], 0.6, atol=1e-6)


def test_missing_sets_lifters_and_errors_are_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"h36m_xyz10hz\.npz.*humaneva15\.npz not found"):
        measure_lifting(lambda clips: clips[:, -1], tmp_path, None)
    with pytest.raises(SourceNotFoundError, match="pose_errors"):
        read_error_bank(tmp_path / "none.npz")
    with pytest.raises(UsageError, match=r"no sequence has 100 poses.*smaller --every"):
        measure_lifting(lambda clips: clips[:, -1], tiny_sets(tmp_path / "sets"), None, every=100)
    bundle = build_tiny_bundle(tmp_path / "bundle")
    with pytest.raises(UsageError, match="no joints_3d"):
        bundle_lifter(load_bundle(bundle))
    with pytest.raises(UsageError, match="no joints_3d"):
        CliRunner().invoke(app, ["lifting", "--bundle", str(bundle)], catch_exceptions=False)


def test_steadiness_is_that_of_a_track() -> None:
    joints = walker().joints
    figures = steadiness_of(joints * np.float32([1, -1, -1]), np.arange(len(joints)) / 15)
    assert figures["flips_a_minute"] == 0
    assert 0 < figures["bone_variation"] < 0.2
    assert json.dumps(figures)
