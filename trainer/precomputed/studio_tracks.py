"""Tracks of rendered people as our own runtime sees them, whose actions are known.

Annotated joints with errors put on them (`trainer.data.pose_noise`) lack what a pose network does to one person from
frame to frame, above all to people who lie or are seen from above. Rendered clips have it.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from edgeact.types import Float32
from trainer.data.studio.action_scenes import SIZE
from trainer.data.studio.clip_studio import ClipStudio, read_boxes
from trainer.data.studio.motion import read_manifest
from trainer.data.studio.training_clips import SEED, build_scene, plan_training_clips
from trainer.precomputed.found_tracks import PerceiverFactory, find_joints, hold_gaps, track_row
from trainer.training_log import with_bar

SOURCE = "studio_tracks"
FRAME_RATE = 15  # enough for every action, and half of the time of 30


def studio_tracks(data: Path, perceiver_of: PerceiverFactory, renders: Path) -> Iterator[dict]:
    """Tracks of the training clips' people; clips that the folder ``renders`` lacks are rendered first.

    Args:
        data: Folder of the data sets, which holds ``studio``.
        perceiver_of: Makes a perceiver for each clip.
        renders: Where clips are kept.

    Raises:
        FileNotFoundError: There is no studio in ``data``.
        EglUnavailableError: A clip is missing, and this machine cannot render.
    """
    plans = plan_training_clips(read_manifest(data / "studio"))
    with ClipStudio(data / "studio", renders, seed=SEED, size=SIZE, frame_rate=FRAME_RATE) as clips:
        for plan in with_bar(plans, "rendered clips", total=len(plans)):
            video = clips.make(plan.name, partial(build_scene, plan))
            boxes = read_boxes(video.with_suffix(".jsonl"))
            rows, rate = find_joints(video, perceiver_of())
            persons = {track: found for track, found in rows.items() if _is_person(found, boxes)}
            for track, joints in hold_gaps(persons).items():
                yield track_row(SOURCE, plan.split, f"{plan.name}#{track}", joints, rate, plan.allowed)


def _is_person(found: dict[int, np.ndarray], boxes: Sequence[Float32 | None]) -> bool:
    """Whether the middle of a track's joints lies in the person's box in most frames; else it follows a thing."""
    inside = []
    for index, joints in found.items():
        box = boxes[index] if index < len(boxes) else None
        middle = joints[:, :2].mean(0)
        inside.append(box is not None and bool((middle >= box[:2]).all() and (middle <= box[2:]).all()))
    return bool(np.mean(inside) > 0.5)
