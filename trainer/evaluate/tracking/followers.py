"""The trackers that stand side by side: ours as the runtime runs it, and ByteTrack on the boxes of our detector."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from cjm_byte_track.core import BYTETracker

from edgeact.atomic import write_text
from edgeact.bundle.load import Bundle
from edgeact.capture.file import FileSource
from edgeact.engine.engine import Engine
from edgeact.errors import SourceFormatError
from edgeact.perception.detect import Detector
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Detection

# ByteTrack's own, of its authors' demonstration; its score is that at which our detector's boxes are sure.
_MATCH, _BUFFER = 0.8, 30


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """What a tracker reported of each frame of a clip, numbers and boxes, and in which frames the detector ran."""

    frames: list[list[tuple[int, np.ndarray]]]
    detected: list[bool]


@dataclass(frozen=True, slots=True, eq=False)
class Detected:
    """What the detector finds in every frame of a clip: its boxes, and the clip's frame rate."""

    frames: list[tuple[Detection, ...]]
    frame_rate: float


def detect_clip(bundle: Bundle, clip: Path, *, kept: Path) -> Detected:
    """Run the bundle's detector on every frame, or read what it found before.

    Args:
        bundle: With a detector.
        clip: The video.
        kept: Folder where the boxes are kept, so that trackers can be compared again without the detector.
    """
    file = kept / f"{clip.stem}.{bundle.digest[:12]}.boxes.json"
    if file.exists():
        return _read_boxes(file)
    frames, times = [], []
    with Engine(bundle) as engine, FileSource(clip) as source:
        detector = Detector(engine)
        for frame in source.frames():
            frames.append(detector.detect(frame.image))
            times.append(frame.time)
    seconds = times[-1] - times[0] if len(times) > 1 else 0.0
    found = Detected(frames, (len(times) - 1) / seconds if seconds > 0 else 25.0)
    kept.mkdir(parents=True, exist_ok=True)
    rows = [[[*(float(value) for value in one.box), one.score] for one in frame] for frame in frames]
    write_text(file, json.dumps({"frame_rate": found.frame_rate, "frames": rows}))
    return found


def _read_boxes(file: Path) -> Detected:
    """What `detect_clip` has kept.

    Raises:
        SourceFormatError: The file is not what it wrote.
    """
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        frames = [
            tuple(Detection(np.array(row[:4], np.float32), float(row[4])) for row in rows) for rows in content["frames"]
        ]
        return Detected(frames, float(content["frame_rate"]))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise SourceFormatError(
            f"{file} holds no boxes of a clip ({error}); delete it to have it made again"
        ) from error


def follow_with_edgeact(bundle: Bundle, clip: Path) -> Followed:
    """Run the whole runtime over a clip, with the settings that it ships with."""
    followed = Followed([], [])
    with Engine(bundle) as engine, FileSource(clip) as source:
        perceiver = Perceiver(engine)
        for frame in source.frames():
            result = perceiver.process(frame).observation
            followed.frames.append([(person.track_id, person.box) for person in result.persons])
            followed.detected.append("detect" in result.stage_seconds)
    return followed


def follow_with_bytetrack(found: Detected, *, score: float, detected: Sequence[bool] | None = None) -> Followed:
    """Run ByteTrack (Zhang et al., ECCV 2022) over the boxes of a clip.

    Args:
        found: Of the clip.
        score: From which a box is sure.
        detected: Frames whose boxes it gets; None gives it all. Its buffer is a second in either case.
    """
    chosen = [True] * len(found.frames) if detected is None else list(detected)
    rate = found.frame_rate * sum(chosen) / max(len(chosen), 1)
    tracker = BYTETracker(track_thresh=score, track_buffer=_BUFFER, match_thresh=_MATCH, frame_rate=max(1, round(rate)))
    followed = Followed([], chosen)
    for detections, is_chosen in zip(found.frames, chosen, strict=True):
        if not is_chosen:
            followed.frames.append([])
            continue
        rows = np.array([[*one.box, one.score] for one in detections], float).reshape(-1, 5)
        tracks = tracker.update(rows, (1, 1), (1, 1))
        followed.frames.append([(track.track_id, np.asarray(track.tlbr, np.float32)) for track in tracks])
    return followed
