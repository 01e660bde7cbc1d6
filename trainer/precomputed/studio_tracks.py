"""Tracks of rendered people as our own runtime sees them, whose actions are known.

Annotated joints with errors put on them (`trainer.data.pose_noise`) lack what a pose network does to one person from
frame to frame, above all to people who lie or are seen from above. Rendered clips have it.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from trainer.data.known_people import KnownPerson, read_frames
from trainer.data.studio.action_scenes import FRAME_RATE, SIZE
from trainer.data.studio.clip_studio import ClipStudio
from trainer.data.studio.motion import read_manifest
from trainer.data.studio.training_clips import SEED, build_scene, plan_training_clips
from trainer.precomputed.found_tracks import PerceiverFactory, find_joints, hold_gaps, track_row
from trainer.training_log import with_bar

SOURCE = "studio_tracks"


def studio_tracks(data: Path, perceiver_of: PerceiverFactory, renders: Path) -> Iterator[dict]:
    """Tracks of the training clips' people; clips that the folder ``renders`` lacks are rendered first.

    Args:
        data: Folder of the data sets, which holds ``studio``.
        perceiver_of: Makes a perceiver for each clip.
        renders: Where clips are kept.

    Raises:
        FileNotFoundError: There is no studio in ``data``.
        SourceFormatError: The labels of a clip in ``renders`` are damaged.
        EglUnavailableError: A clip is missing, and this machine cannot render.
    """
    plans = plan_training_clips(read_manifest(data / "studio"))
    with ClipStudio(data / "studio", renders, seed=SEED, size=SIZE, frame_rate=FRAME_RATE) as clips:
        for plan in with_bar(plans, "rendered clips", total=len(plans)):
            video = clips.make(plan.name, partial(build_scene, plan))
            frames = read_frames(video.with_suffix(".jsonl"))
            rows, rate = find_joints(video, perceiver_of())
            persons = {track: found for track, found in rows.items() if _is_person(found, frames)}
            for track, joints in hold_gaps(persons).items():
                yield track_row(SOURCE, plan.split, f"{plan.name}#{track}", joints, rate, plan.allowed)


def _is_person(found: dict[int, np.ndarray], frames: Sequence[tuple[KnownPerson, ...] | None]) -> bool:
    """Whether the mean of a track's joints lies in the rendered person's box in most frames; if not, the track follows
    a thing.
    """
    inside = []
    for index, joints in found.items():
        persons = frames[index] if index < len(frames) else None
        middle = joints[:, :2].mean(0)
        inside.append(any(bool(((middle >= one.box[:2]) & (middle <= one.box[2:])).all()) for one in persons or ()))
    return bool(np.mean(inside) > 0.5)
