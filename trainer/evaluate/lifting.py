"""How far off a lifter's joints are, on Human3.6M and HumanEva, which it has never seen."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import ClipSpec
from edgeact.engine.graph import Graph
from edgeact.errors import SourceNotFoundError, UsageError
from edgeact.perception.clips import sample_clip
from edgeact.skeleton import LIMB_JOINTS
from edgeact.types import Float32
from trainer.data.lifting.measured import H36M_FILE, HUMANEVA_FILE, View, human36m, humaneva, poses_of_limbs
from trainer.data.pose_noise import add_pose_noise
from trainer.evaluate.metrics.pose_3d import aligned_distances, bone_variation, depth_flips, joint_distances
from trainer.inputs.action_clip import common_joints
from trainer.inputs.lifter_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS
from trainer.models.lifter import Lifter

Lift = Callable[[Float32], Float32]
"""Clips ``(N, T, 21, 3)`` x, y, confidence → joints ``(N, 21, 3)`` metres of their newest frames."""

_CLIP = ClipSpec(length=CLIP_LENGTH, stride_seconds=CLIP_STRIDE_SECONDS)
_BATCH = 256


def lift_track(lift: Lift, poses: Float32, times: np.ndarray, rows: Sequence[int] | None = None) -> Float32:
    """3D of a track's frames as the runtime would find it: ``(R, 21, 3)`` metres.

    Args:
        lift: The lifter.
        poses: ``(T, 21, 3)`` x, y, confidence.
        times: ``(T,)`` seconds, increasing.
        rows: Which frames; all without it.
    """
    rows = range(len(poses)) if rows is None else rows
    first = [max(0, int(np.searchsorted(times, times[row] - _CLIP.seconds)) - 1) for row in rows]
    clips = np.stack(
        [
            sample_clip(times[a : row + 1], poses[a : row + 1], end=float(times[row]), clip=_CLIP)
            for a, row in zip(first, rows, strict=True)
        ]
    )
    return np.concatenate([lift(clips[start : start + _BATCH]) for start in range(0, len(clips), _BATCH)])


def from_line_of_sight(joints: Float32, sight: Float32) -> Float32:
    """Joints ``(N, J, 3)`` along the line of sight to the pelvis → along the camera's axes, which a person beside the
    middle of the picture is not seen along.

    Args:
        joints: As the lifter gives them.
        sight: ``(N, 3)`` unit direction of the line of sight, of the camera's known focal length.
    """
    # The smallest rotation from the optical axis to the line of sight.
    x, y, z = sight.T.astype(np.float64)
    zero, share = np.zeros_like(x), 1 / (1 + z)
    cross = np.stack([zero, zero, x, zero, zero, y, -x, -y, zero], -1).reshape(-1, 3, 3)
    rotation = np.eye(3) + cross + cross @ cross * share[:, None, None]
    return np.einsum("nij,nkj->nki", rotation, joints).astype(np.float32)


def with_our_errors(view: View, bank: np.ndarray) -> Float32:
    """A view's poses with the errors and the confidence of our own pose network (held-out persons)."""
    common = common_joints(view.poses)
    rng = np.random.default_rng(len(view.poses))
    noisy = add_pose_noise(common, bank, rng, hold=4.0, strength=1.0)
    poses = poses_of_limbs(noisy[:, 1:, :2])
    poses[:, LIMB_JOINTS, 2] = noisy[:, 1:, 2]
    for middle, left, right in ((19, 5, 6), (20, 11, 12)):
        poses[:, middle, 2] = poses[:, [left, right], 2].mean(1)
    return poses


def measure_views(lift: Lift, views: Iterable[tuple[View, Float32]], *, every: int) -> dict[str, Any]:
    """Errors of a lifter over views, of each action and of all: millimetres.

    Args:
        lift: The lifter.
        views: Each with the poses that the lifter is given.
        every: Only each so-many-th frame is measured.

    Raises:
        UsageError: No sequence is as long as that.
    """
    errors: dict[str, list[np.ndarray]] = defaultdict(list)
    for view, poses in views:
        rows = list(range(every - 1, len(view.times), every))
        if not rows:
            continue
        found = lift_track(lift, poses, view.times, rows)
        limbs = from_line_of_sight(found, view.sight[rows])[:, LIMB_JOINTS]
        wanted = view.joints[rows]
        direct = joint_distances(found[:, LIMB_JOINTS], wanted)
        errors[view.action].append(
            np.stack([joint_distances(limbs, wanted), aligned_distances(limbs, wanted), direct], -1)
        )
    if not errors:
        raise UsageError(f"no sequence has {every} poses, so that none would be measured; give a smaller --every")
    by_action = {action: np.concatenate(parts) for action, parts in sorted(errors.items())}

    def figures(found: np.ndarray) -> dict[str, float]:
        mean = found.mean((0, 1)) * 1000
        return {
            "mpjpe_mm": round(float(mean[0]), 1),
            "p_mpjpe_mm": round(float(mean[1]), 1),
            "mpjpe_unturned_mm": round(float(mean[2]), 1),
            "poses": len(found),
        }

    everything = np.concatenate(list(by_action.values()))
    return {**figures(everything), "actions": {action: figures(found) for action, found in by_action.items()}}


def measure_lifting(lift: Lift, data: Path, bank: np.ndarray | None, *, every: int = 5) -> dict[str, Any]:
    """Figures of a lifter on both sets.

    Args:
        lift: The lifter.
        data: Folder of the data sets.
        bank: ``(M, 13, 3)`` errors of our pose network on persons that it was not trained on; None leaves that row out.
        every: Every how many frames of Human3.6M's 10 Hz (6 × as many of HumanEva's 60 Hz) an error is measured.

    Raises:
        SourceNotFoundError: A set is missing.
    """
    h36m, eva = data / "h36m", data / "humaneva"
    if missing := [str(path) for path in (h36m / H36M_FILE, eva / HUMANEVA_FILE) if not path.is_file()]:
        raise SourceNotFoundError(f"{', '.join(missing)} not found; give the folder of the data sets with --data")
    inputs: dict[str, tuple[Iterable[tuple[View, Float32]], int]] = {
        "human36m_annotated": (((view, view.poses) for view in human36m(h36m, "annotated")), every),
        "human36m_hourglass": (((view, view.poses) for view in human36m(h36m, "hourglass")), every),
        "humaneva_annotated": (((view, view.poses) for view in humaneva(eva)), 6 * every),
    }
    if bank is not None:
        noisy = ((view, with_our_errors(view, bank)) for view in human36m(h36m, "annotated"))
        inputs["human36m_our_errors"] = (noisy, every)
    return {name: measure_views(lift, views, every=step) for name, (views, step) in inputs.items()}


def bundle_lifter(bundle: Bundle) -> Lift:
    """The lifter of a bundle.

    Raises:
        UsageError: The bundle has none.
    """
    for spec in bundle.manifest.graphs:
        if spec.horizon == "clip" and spec.takes() == ("poses",) and spec.output("joints_3d") is not None:
            graph = Graph(bundle, spec)
            return lambda clips: graph.run(clips).of("joints_3d")
    raise UsageError(f"bundle {bundle.manifest.name!r} gives no joints_3d of clips; choose one with a lifter: --bundle")


def network_lifter(network: Lifter) -> Lift:
    """Wrap a PyTorch lifter as the NumPy function that `measure_lifting` calls: 2D clips in, 3D joints out."""

    @torch.no_grad()
    def lift(clips: Float32) -> Float32:
        return np.asarray(network(torch.from_numpy(clips)), np.float32)

    return lift


def read_error_bank(path: Path | None) -> np.ndarray | None:
    """The errors ``(M, 13, 3)`` of persons that only measure, of a file that `trainer.stages.make_tracks` wrote.

    Raises:
        SourceNotFoundError: There is no such file.
    """
    if path is None:
        return None
    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; training leaves it in its work folder: NAME/pose_errors.npz")
    with np.load(path) as file:
        return np.asarray(file["test"], np.float32)


def steadiness_of(joints: Float32, times: np.ndarray) -> dict[str, float]:
    """Bone variation and depth flips a minute of one track; see `trainer.evaluate.metrics.pose_3d`."""
    seconds = float(times[-1] - times[0])
    return {
        "bone_variation": round(bone_variation(joints), 4),
        "flips_a_minute": round(60 * depth_flips(joints, times) / max(seconds, 1e-3), 2),
    }
