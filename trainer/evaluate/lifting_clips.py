"""How steady 3D joints are on real clips, whose true joints nobody knows, beside BlazePose on the same boxes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.capture.open import open_source
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver
from edgeact.skeleton import BODY_21, COCO_17
from edgeact.types import Float32, Person
from trainer.evaluate.metrics.pose_3d import FLIP_SECONDS, bone_variation, depth_flips
from trainer.precomputed.blazepose import BlazePose

_SHORTEST_SECONDS = 1.0  # tracks that are shorter say little
_COCO_ROWS = [BODY_21.index(name) for name in COCO_17.joints]
_SHOULDERS, _HIPS = [5, 6], [11, 12]

Tracks = dict[tuple[str, int], list[tuple[float, Float32]]]
"""Times and joints ``(21, 3)`` in metres of each track of each clip."""


def measure_lifted_clips(
    bundle: Bundle, clips: Iterable[Path], peers: dict[str, BlazePose], *, every: int = 3
) -> dict[str, dict[str, Any]]:
    """Bone variation and depth flips of a bundle's 3D and of its peers' (`trainer.evaluate.metrics.pose_3d`).

    Args:
        bundle: That gives 3D.
        clips: Videos with people.
        peers: By name; each looks at the boxes that the bundle follows.
        every: Every how many frames the joints are compared, such that `FLIP_SECONDS` holds two of them.

    Returns:
        For ours and each peer: ``bone_variation``, ``flips_a_minute``, ``tracks`` and ``seconds``.
    """
    found: dict[str, Tracks] = {name: defaultdict(list) for name in ("edgeact", *peers)}
    with Engine(bundle) as engine:
        for clip in clips:
            perceiver = Perceiver(engine)
            with open_source(clip) as source:
                for frame in source.frames():
                    persons = perceiver.process(frame).observation.persons
                    if frame.index % every:
                        continue
                    for person in persons:
                        key = (str(clip), person.track_id)
                        if person.pose.joints_3d is None:
                            continue
                        found["edgeact"][key].append((frame.time, person.pose.joints_3d))
                        for name, peer in peers.items():
                            world, _, _ = peer(frame.image, person.box, _upward(person))
                            found[name][key].append((frame.time, _as_body_21(world)))
    return {name: summarise(tracks) for name, tracks in found.items()}


def summarise(tracks: Tracks) -> dict[str, Any]:
    """Figures of all tracks that last a second, each by its length; joints further apart than `FLIP_SECONDS` are no
    neighbours.
    """
    seconds, variation, flips = 0.0, 0.0, 0
    count = 0
    for samples in tracks.values():
        times, joints = np.array([time for time, _ in samples]), np.stack([pose for _, pose in samples])
        length = float(times[-1] - times[0])
        if length < _SHORTEST_SECONDS:
            continue
        count += 1
        seconds += length
        variation += length * bone_variation(joints)
        flips += depth_flips(joints, times)
    return {
        "bone_variation": round(variation / max(seconds, 1e-6), 4),
        "flips_a_minute": round(60 * flips / max(seconds, 1e-6), 2),
        "tracks": count,
        "seconds": round(seconds, 1),
        "flip_seconds": FLIP_SECONDS,
    }


def _upward(person: Person) -> np.ndarray:
    """From hips to shoulders in the picture, as BlazePose wants its crop turned; straight up where they are unsure."""
    joints, sure = person.pose.joints, person.pose.confidence
    if min(sure[_SHOULDERS].min(), sure[_HIPS].min()) < 0.3:
        return np.array([0.0, -1.0])
    return np.asarray(joints[_SHOULDERS].mean(0) - joints[_HIPS].mean(0), np.float64)


def _as_body_21(world: Float32) -> Float32:
    """COCO-17 joints in the places that they have in ours; the rest, which no figure reads, is 0."""
    joints = np.zeros((len(BODY_21.joints), 3), np.float32)
    joints[_COCO_ROWS] = world
    return joints


def clips_at(paths: Sequence[Path]) -> list[Path]:
    """Files, and the videos of folders, in order."""
    return [file for path in paths for file in (sorted(path.glob("*.mp4")) if path.is_dir() else [path])]
