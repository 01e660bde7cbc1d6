"""Find the people in a data set's clips with the default bundle, and cut training pictures and person clips from them.

Most clip data sets label what happens in a clip and not who does it. Every person who is seen long and large enough
therefore gets the clip's action: whoever is pushed is labelled "push" too.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgeact.bundle.load import load_bundle
from edgeact.engine.engine import Engine
from edgeact.geometry import person_crop_matrix, warp
from edgeact.skeleton import MPII_16
from trainer.data.class_folder import ClassClip
from trainer.data.clip_batches import ReadClip
from trainer.data.frame_pictures import frames_at, write_picture
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import PERSON_PADDING, View
from trainer.inputs.action_clip import CLIP_STRIDE_SECONDS, COMMON_JOINTS
from trainer.inputs.batch import MISSING
from trainer.precomputed.class_people import Track, kept_tracks, without_actions
from trainer.training_log import with_bar

_PEOPLE = 2  # of a clip at most, those who are seen longest and largest first
_LEAST_PROMINENT = 0.5  # beside the first: who is seen for less, or is much smaller, passes by
_MIDDLE = (0.35, 0.65)  # of a clip: what happens before and after looks the same in all actions
_NEAR_FRAMES = 2  # so far from a picture somebody is still where the track says
_SURE_JOINT = 0.3  # confidence from which a found joint teaches poses
# Joints of MPII that nobody finds, and between which two others they lie.
_MIDDLES = {"pelvis": ("left_hip", "right_hip"), "thorax": ("left_shoulder", "right_shoulder")}


def find_clip_people(clips: Sequence[LabelledSample], kept: Path) -> list[list[Track]]:
    """Return the tracks of the people in each clip, the longest and largest first; the list of a clip may be empty.

    Args:
        clips: Of a data set.
        kept: Folder for what was found; a second training looks at no clip again.

    Raises:
        EdgeactError: A clip cannot be read, or a network failed.
        OutputError: What was found cannot be written.
    """
    kept.mkdir(parents=True, exist_ok=True)
    found = []
    with Engine(without_actions(load_bundle())) as engine:
        for clip in with_bar(clips, "finding people", total=len(clips)):
            tracks = kept_tracks([ClassClip(clip.path, "", "", still=False)], engine, kept)
            tracks = sorted(tracks, key=lambda track: -track.prominence)[:_PEOPLE]
            found.append([one for one in tracks if one.prominence >= _LEAST_PROMINENT * tracks[0].prominence])
    return found


def clip_pictures(
    clips: Sequence[LabelledSample], people: Sequence[Sequence[Track]], folder: Path, *, count: int, view: View
) -> list[LabelledSample]:
    """Write pictures from the middle of each clip, and return them as samples with the clip's split and action. Clips
    without people are left out.

    Args:
        clips: Of a data set.
        people: Of each clip.
        folder: For the pictures; those that are there are not written again.
        count: Pictures of a clip.
        view: Of a ``frame``, one sample a picture, with one box around everybody and no joints. Of a ``person``, one
            sample for each of the people, with box and joints.

    Raises:
        SourceNotFoundError, SourceFormatError: A clip cannot be read.
        OutputError: A picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    for clip, tracks in zip(clips, people, strict=True):
        if not tracks:
            continue
        frames = _middle_frames(tracks, count)
        paths = [folder / f"{clip.path.parent.name}_{clip.path.stem}_{frame:05d}.png" for frame in frames]
        _write_frames(clip.path, dict(zip(frames, paths, strict=True)))
        for frame, path in zip(frames, paths, strict=True):
            rows = [(track, row) for track in tracks if (row := row_of(track, frame)) is not None]
            shown = replace(clip, path=path)
            if view == "person":
                samples += [replace(shown, box=one.boxes[row], joints=_mpii(one.joints[row])) for one, row in rows]
            else:
                boxes = np.stack([one.boxes[row] for one, row in rows])
                samples.append(replace(shown, box=np.concatenate([boxes[:, :2].min(0), boxes[:, 2:].max(0)])))
    return samples


def person_clips(
    clips: Sequence[LabelledSample], people: Sequence[Sequence[Track]], size: int
) -> tuple[list[LabelledSample], list[ReadClip]]:
    """Cut each person out of each clip as a clip of square crops, framed as at run time, with the clip's action.

    Args:
        clips: Of a data set.
        people: Of each clip.
        size: Side of the crops in pixels.

    Raises:
        SourceNotFoundError, SourceFormatError: A clip cannot be read.
    """
    samples, read = [], []
    for clip, tracks in zip(clips, people, strict=True):
        wanted = {int(frame) for track in tracks for frame in track.frames}
        images = dict(frames_at(clip.path, wanted))
        for track in tracks:
            crops = [
                warp(
                    images[int(frame)],
                    person_crop_matrix(box, width=size, height=size, padding=PERSON_PADDING),
                    width=size,
                    height=size,
                )
                for frame, box in zip(track.frames, track.boxes, strict=True)
            ]
            samples.append(clip)
            filmed = int(track.frames[-1] - track.frames[0]) + 1
            read.append(ReadClip(np.stack(crops), (len(crops) - 1) * CLIP_STRIDE_SECONDS, filmed))
    return samples, read


def _middle_frames(tracks: Sequence[Track], count: int) -> list[int]:
    """Return up to ``count`` distinct frame numbers, evenly spaced over the middle of the tracks."""
    known = np.unique(np.concatenate([track.frames for track in tracks]))
    places = np.linspace(*_MIDDLE, count) * (len(known) - 1)
    return [int(frame) for frame in np.unique(known[places.round().astype(int)])]


def row_of(track: Track, frame: int) -> int | None:
    """Return the row of a track at a frame, or at the nearest frame within `_NEAR_FRAMES`; None if there is none."""
    distance = np.abs(track.frames - frame)
    nearest = int(distance.argmin())
    return nearest if distance[nearest] <= _NEAR_FRAMES else None


def _mpii(joints: np.ndarray) -> np.ndarray:
    """Reorder detected joints ``(13, 3)`` as MPII's, ``(16, 2)``; joints of low confidence become `MISSING`."""
    found = {name: place[:2] for name, place in zip(COMMON_JOINTS, joints, strict=True) if place[2] >= _SURE_JOINT}
    for name, ends in _MIDDLES.items():
        if all(end in found for end in ends):
            found[name] = np.mean([found[end] for end in ends], axis=0)
    rows = [found.get(name, np.full(2, MISSING)) for name in MPII_16.joints]
    return np.stack(rows).astype(np.float32)


def _write_frames(clip: Path, places: dict[int, Path]) -> None:
    """Write frames of a clip as pictures; those that are there already are left alone."""
    lacking = {frame for frame, path in places.items() if not path.is_file()}
    for frame, image in frames_at(clip, lacking):
        write_picture(places[frame], image)
