"""Pose estimation in turns: in a crowded frame some tracks are not posed and keep their last pose, moved along."""

import math
from collections.abc import Sequence

import numpy as np

from edgeact.perception.pose import PoseBatch
from edgeact.perception.tracking.limits import LONGEST_TURN, POSES_A_FRAME
from edgeact.perception.tracking.state import TrackState
from edgeact.types import Float32


class _Memory:
    """What a track looked like when it was posed last, and for how many frames it has rested since."""

    __slots__ = ("crop_box", "features", "joint_maps", "joints_3d", "more", "rested")

    def __init__(self, poses: PoseBatch, row: int) -> None:
        # Copies: a row of the batch would keep the poses of the whole crowd alive.
        self.features = poses.features[row].copy()
        self.crop_box = poses.crop_boxes[row].copy()
        self.joint_maps = None if poses.joint_maps is None else poses.joint_maps[row].copy()
        self.joints_3d = None if poses.joints_3d is None else poses.joints_3d[row].copy()
        self.more = {name: values[row].copy() for name, values in poses.more.items()}
        self.rested = 0


class PoseTurns:
    """Chooses which tracks of one source are posed in a frame; without a crowd all are, and nothing is stored."""

    def __init__(self) -> None:
        self._memories: dict[TrackState, _Memory] = {}

    def rest(self, tracks: Sequence[TrackState]) -> list[TrackState]:
        """The tracks, of those that no detection shows, that are not posed in this frame.

        Args:
            tracks: All that would be posed.
        """
        room = max(POSES_A_FRAME, math.ceil(len(tracks) / LONGEST_TURN))
        if len(tracks) <= room:
            return []
        # Who was posed in the last frames rests first; who was never posed in a crowd, or has rested long enough, does
        # not.
        able = [
            track for track in tracks if track in self._memories and self._memories[track].rested < LONGEST_TURN - 1
        ]
        able.sort(key=lambda track: self._memories[track].rested)
        return able[: len(tracks) - room]

    def remembered(self, tracks: Sequence[TrackState]) -> PoseBatch:
        """The last poses of tracks that rest, moved to where they are expected."""
        memories = [self._memories[track] for track in tracks]
        features = np.stack([track.expected_features() for track in tracks])
        moved = [_middle(new) - _middle(memory.features) for new, memory in zip(features, memories, strict=True)]
        shifts = np.concatenate([np.stack(moved), np.stack(moved)], axis=1)
        maps = [memory.joint_maps for memory in memories if memory.joint_maps is not None]
        joints_3d = [memory.joints_3d for memory in memories if memory.joints_3d is not None]
        return PoseBatch(
            features=features,
            joint_maps=np.stack(maps) if len(maps) == len(memories) else None,
            joints_3d=np.stack(joints_3d) if len(joints_3d) == len(memories) else None,
            crop_boxes=np.stack([memory.crop_box for memory in memories]) + shifts,
            colours=np.full((len(memories), 2, 3), np.nan, np.float32),
            more={name: np.stack([memory.more[name] for memory in memories]) for name in memories[0].more},
        )

    def note(self, seen: Sequence[tuple[TrackState, int]], poses: PoseBatch, *, resting: Sequence[TrackState]) -> None:
        """Remember what a crowd looks like.

        Args:
            seen: The tracks that are seen in this frame, each with its row of the poses.
            poses: All of the frame.
            resting: Who was not posed.
        """
        if len(seen) <= POSES_A_FRAME:
            self._memories = {}
            return
        before, self._memories = self._memories, {}
        for track, row in seen:
            if track in resting and track in before:
                before[track].rested += 1
                self._memories[track] = before[track]
            else:
                self._memories[track] = _Memory(poses, row)


def _middle(features: Float32) -> Float32:
    """Mean position ``(2,)`` of the joints ``(J, 3)`` of a pose."""
    return np.asarray(features[:, :2].mean(0), np.float32)
