"""Find the joints of people in a clip with the runtime itself: a bundle's detector, tracker and pose network."""

from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.perception.perceiver import Perceiver

SHORTEST_TRACK_FRAMES = 12


class PerceiverFactory:
    """Makes a perceiver without state for each clip, so that no track reaches from one clip into the next."""

    def __init__(self, bundle: Bundle) -> None:
        self.engine, self.config = Engine(bundle), PipelineConfig(detect_every=3)

    def __call__(self) -> Perceiver:
        return Perceiver(self.engine, self.config)

    def close(self) -> None:
        """Release the inference sessions of the bundle."""
        self.engine.close()


def find_joints(path: Path, perceiver: Perceiver) -> tuple[dict[int, dict[int, np.ndarray]], float]:
    """Run the detector, tracker and pose network over a clip.

    Returns:
        ``{track: {frame: joints}}`` with joints ``(21, 3)`` x, y in pixels and confidence, without tracks of fewer than
        `SHORTEST_TRACK_FRAMES` frames; and the clip's frames per second.
    """
    rows: dict[int, dict[int, np.ndarray]] = {}
    last_time, frames = 0.0, 0
    with FileSource(path) as source:
        for frame in source.frames():
            for person in perceiver.process(frame).observation.persons:
                joints = np.concatenate([person.pose.joints, person.pose.confidence[:, None]], 1)
                rows.setdefault(person.track_id, {})[frame.index] = joints
            last_time, frames = frame.time, frame.index
    long_enough = {track: seen for track, seen in rows.items() if len(seen) >= SHORTEST_TRACK_FRAMES}
    return long_enough, frames / max(last_time, 1e-3)


def hold_gaps(rows: dict[int, dict[int, np.ndarray]]) -> dict[int, np.ndarray]:
    """Fill the frames in which a track was lost with the joints seen last.

    Returns:
        ``{track: (T, 21, 3)}``: the joints in all T frames from the track's first to its last.
    """
    tracks = {}
    for track, seen in rows.items():
        filled, current = [], seen[min(seen)]
        for index in range(min(seen), max(seen) + 1):
            current = seen.get(index, current)
            filled.append(current)
        tracks[track] = np.stack(filled)
    return tracks


def clip_tracks(path: Path, perceiver: Perceiver) -> tuple[dict[int, np.ndarray], float]:
    """Joints of every track of a clip, ``{track: (T, 21, 3)}`` x, y, confidence, and frames per second; gaps repeat the
    last joints.
    """
    rows, rate = find_joints(path, perceiver)
    return hold_gaps(rows), rate


def track_row(source: str, split: str, name: str, joints: np.ndarray, rate: float, allowed: tuple[str, ...]) -> dict:
    """A track as a line of a file of tracks holds it (`trainer.data.action_sequences.own_tracks`)."""
    return {
        "source": source,
        "split": split,
        "name": name,
        "frame_rate": round(rate, 3),
        "allowed": allowed,
        "joints": joints.round(2).tolist(),
    }
