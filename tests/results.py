"""Makes frames and results for tests of what comes after the perceiver; nothing is computed, every number is chosen."""

from fractions import Fraction
from pathlib import Path

import numpy as np

from edgeact.bundle import Bundle, CalibrationSpec, ClipSpec, Manifest
from edgeact.capture.base import SourceInfo
from edgeact.skeleton import BODY_21
from edgeact.types import Event, Frame, Observation, PartCrop, Person, Pose, Reading, UInt8

LABELS = ("wave", "kick", "other")


def bundle_without_graphs() -> Bundle:
    """What sinks need to know of a bundle."""
    calibration = CalibrationSpec(
        detection_score=0.5, detection_iou=0.6, pose_padding=1.25, joint_confidence=0.3, action_score=0.6
    )
    manifest = Manifest(
        schema_version=1,
        name="paper",
        version="1",
        created="2026-01-01T00:00:00Z",
        licence="Apache-2.0",
        skeleton=BODY_21.name,
        joints=BODY_21.joints,
        labels=LABELS,
        other_label="other",
        clip=ClipSpec(length=32, stride_seconds=1 / 15),
        calibration=calibration,
        graphs=(),
        training={},
        parity={},
    )
    return Bundle(directory=Path(), manifest=manifest, digest="0123456789abcdef" * 4)


def source_info(*, width: int = 64, height: int = 48, rate: int = 25, duration: float | None = None) -> SourceInfo:
    """What a file of this size would announce."""
    return SourceInfo(
        name="clip.mp4",
        width=width,
        height=height,
        live=False,
        frame_rate=Fraction(rate),
        frame_count=None,
        duration=duration,
    )


def person(track_id: int = 1, *, confidence: float = 0.9, action: bool = True) -> Person:
    """A person whose joints lie on a diagonal."""
    joints = np.stack([np.arange(21), 2 * np.arange(21)], axis=1).astype(np.float32) + np.float32(1 / 3)
    return Person(
        track_id=track_id,
        box=np.array([1.25, 2.5, 30.123456, 40.0], np.float32),
        score=0.87654321,
        pose=Pose(joints=joints, confidence=np.full(21, confidence, np.float32)),
        parts=(
            PartCrop("head", np.array([1, 2, 3, 4], np.float32)),
            PartCrop("left_hand", np.array([-5, 6, 7, 8], np.float32)),
        ),
        readings=(
            Reading(
                "action",
                raw=np.array([0.7, 0.2, 0.1], np.float32),
                smoothed=np.array([0.6, 0.3, 0.1], np.float32),
                labels=("wave",),
                scores=(0.6,),
            ),
        )
        if action
        else (),
    )


def result(
    index: int,
    image: UInt8 | None = None,
    *,
    time: float | None = None,
    persons: tuple[Person, ...] = (),
) -> Observation:
    """The observation of frame ``index``, 25 a second unless ``time`` says otherwise."""
    picture = np.full((48, 64, 3), 100, np.uint8) if image is None else image
    frame = Frame(index=index, time=index / 25 if time is None else time, image=picture)
    return Observation(frame=frame, persons=persons)


def ended_event(
    track_id: int | None = 1, *, label: str = "wave", start: float = 0.0, end: float = 1.0, score: float = 0.9
) -> Event:
    """An action that is over."""
    return Event(1, "end", "clip.mp4", 0, "action", "track", track_id, label, start, end, score)
