"""Joint sequences with actions, from annotated data sets, motion clips and our own tracks, on thirteen common joints.

They are inputs of a training, made of what `trainer.data.sets` reads. Every sequence says which actions it *may* be:
one label, several where the data set cannot tell, or "other" where it shows none of the classes. Known gaps: Penn
Action's "head" is the middle of the head, which the other sets approximate by face joints.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

from edgeact.errors import SourceFormatError
from trainer.data.sample import SEEN
from trainer.data.sets.jhmdb import JOINTS as JHMDB_JOINTS
from trainer.data.sets.jhmdb import read_packed_jhmdb
from trainer.data.sets.matlab import FIRST_PIXEL
from trainer.data.sets.penn_action import read_penn_action
from trainer.data.splits import Split, split_by_hash
from trainer.data.studio.motion import MotionClip, MotionEntry, joint_sequences, project
from trainer.inputs.action_clip import COMMON_JOINTS, common_joints

PENN_LABELS = (
    "baseball_pitch", "baseball_swing", "bench_press", "bowl", "clean_and_jerk", "golf_swing", "jump_rope",
    "jumping_jacks",
    "pullup", "pushup", "situp", "squat", "strum_guitar", "tennis_forehand", "tennis_serve",
)  # fmt: skip
INTERACTION_LABELS = ("handshake", "hug", "kick", "point", "punch", "push")
EVERYDAY_LABELS = ("walk", "run", "jump", "wave", "clap")
OTHER = "other"
LABELS = (*PENN_LABELS, *INTERACTION_LABELS, *EVERYDAY_LABELS, OTHER)

# Copies of Penn Action spell some actions in another way.
_PENN_SPELLINGS = {
    "jumping_jack": "jumping_jacks", "strumming_guitar": "strum_guitar", "pull_up": "pullup", "push_up": "pushup",
    "sit_up": "situp",
}  # fmt: skip
_JHMDB_ROWS = [JHMDB_JOINTS.index(name) for name in COMMON_JOINTS]
_JHMDB_ACTIONS = {
    "clap": "clap",
    "golf": "golf_swing",
    "jump": "jump",
    "pullup": "pullup",
    "run": "run",
    "walk": "walk",
    "wave": "wave",
}
_STUDIO_ACTIONS = {
    "walk": ("walk",), "run": ("run",), "jump": ("jump",), "punch": ("punch",), "kick": ("kick",),
    "kick_ball": ("kick",),
    "wave": ("wave",), "jumping_jack": ("jumping_jacks",), "push_up": ("pushup",), "push": ("push",),
    "walk_back": ("walk",),
    "direct_traffic_wave": ("wave", OTHER), "swing_object": (OTHER, "baseball_swing"),
    "throw": (OTHER, "baseball_pitch"),
    "guard": (OTHER, "punch"), "reach_interact": (OTHER, "point"),
    "talk_gesture": (OTHER, "point"), "referee_signals": (OTHER, "wave", "point"),
}  # fmt: skip
# Motions of the studio that test whether the unknown is called "other". Those of recordings that are named train; no
# motion of a label without names does. One motion of a label is too little to learn from, and enough to test.
UNSEEN_OTHER: dict[str, frozenset[str]] = {
    "dance": frozenset({"cmu_cc"}),
    "basketball_dribble": frozenset({"cmu_cc", "cmu8_train"}),
    "crawl": frozenset({"m2m_addon"}),
    "kneel_work": frozenset(),
    "drink_eat": frozenset(),
    "wipe_window": frozenset(),
}
# The steepest downward pitch of the studio's cameras in radians, for measuring and for training. Training includes
# ceiling cameras close to the person.
_STEEPEST, _STEEPEST_TRAINED = 0.5, 1.1
# The fewest views of an action over all its training motions: pushing has one motion and waving two, which were drawn
# too rarely beside 67 motions of walking.
_FEWEST_OF_ACTION = 150


@dataclass(frozen=True, slots=True, eq=False)
class JointSequence:
    """One person over time: joints (T, 13, 3) x, y (any unit), visible 0..1; frames per second; the actions it may
    be; how many of the frames are what happened just before, which clips see and do not end in.
    """

    source: str
    split: Split
    name: str
    joints: np.ndarray
    frame_rate: float
    allowed: tuple[str, ...]
    lead: int = 0


def penn_action(root: Path) -> Iterator[JointSequence]:
    """Penn Action (Zhang, Zhu, Derpanis, ICCV 2013), official split; 8 % of its training part are kept for
    validation. Its thirteen joints are ours. Coordinates are the files' own, in which the first pixel is 1, since the
    weights that ship learned from these.

    Raises:
        SourceNotFoundError, SourceFormatError: Labels are missing or damaged, or name an unknown action.
    """
    found = read_penn_action(root)
    for sample in found.samples:
        name = found.actions[sample.actions[0]]
        label = _PENN_SPELLINGS.get(name, name)
        if label not in PENN_LABELS:
            raise SourceFormatError(f"{sample.name}.mat: {label!r} is no action of Penn Action; copy the set again")
        seen = sample.visibility[:, 0] == SEEN
        joints = np.concatenate([sample.joints[:, 0] + FIRST_PIXEL, seen[..., None]], -1).astype(np.float32)
        split = split_by_hash(sample.name, validation=8, test=0) if sample.split == "train" else "test"
        yield JointSequence("penn_action", split, sample.name, joints, 30.0, (label,))


def jhmdb(root: Path) -> Iterator[JointSequence]:
    """JHMDB, official split 1: its test clips are validation here. Actions outside of our labels are "other".

    Raises:
        SourceNotFoundError, SourceFormatError: Joints are missing or damaged.
    """
    found = read_packed_jhmdb(root)
    for sample in found.samples:
        joints = sample.joints[:, 0, _JHMDB_ROWS]
        joints = np.concatenate([joints, np.ones((*joints.shape[:2], 1), np.float32)], -1)
        split: Split = "train" if sample.split == "train" else "validation"
        label = _JHMDB_ACTIONS.get(found.actions[sample.actions[0]], OTHER)
        yield JointSequence("jhmdb", split, sample.name, joints, 25.0, (label,))


def studio_split(motion: MotionClip | MotionEntry) -> Split:
    """Return the split of a studio motion for the lifter: all labels of `UNSEEN_OTHER` test."""
    return _studio_split(motion, tests=motion.label in UNSEEN_OTHER)


def studio_action_split(motion: MotionClip | MotionEntry) -> Split:
    """Return the split of a studio motion for the action network: motions that `is_unseen_other` test."""
    return _studio_split(motion, tests=is_unseen_other(motion))


def _studio_split(motion: MotionClip | MotionEntry, *, tests: bool) -> Split:
    """Return "test" where the motion ``tests`` or is of the test subject; of the other motions a tenth validates."""
    if tests or motion.source == "cmu8_test":
        return "test"
    return split_by_hash(motion.name, validation=10, test=0)


def is_unseen_other(motion: MotionClip | MotionEntry) -> bool:
    """Whether a studio motion shows none of our actions and trains nothing: `UNSEEN_OTHER` has its label, and does not
    list its recording among those that train.
    """
    return motion.label in UNSEEN_OTHER and motion.source not in UNSEEN_OTHER[motion.label]


def studio_actions(label: str) -> tuple[str, ...]:
    """The actions that a motion of the studio with this label may be called; `OTHER` where it is none of ours."""
    return _STUDIO_ACTIONS.get(label, (OTHER,))


def studio_motions(root: Path, *, views: int = 6) -> Iterator[JointSequence]:
    """Motion clips seen by random cameras, in the splits of `studio_action_split`.

    Their source is "studio"; "unseen_studio" of what `is_unseen_other`, and "studio_others" of the motions of the same
    kinds that train.

    Args:
        root: The studio folder.
        views: How many cameras see a motion. Those that train are seen by twice as many, also from steeply above, and
            by as many more as their action needs (`_FEWEST_OF_ACTION`).
    """
    clips = joint_sequences(root)
    trained = Counter(clip.label for clip in clips if studio_action_split(clip) == "train")
    for clip in clips:
        unseen, split, allowed = is_unseen_other(clip), studio_action_split(clip), studio_actions(clip.label)
        steepest, seen_by = _STEEPEST, views
        if split == "train":
            steepest, seen_by = _STEEPEST_TRAINED, 2 * views
            if OTHER not in allowed:
                seen_by = max(seen_by, ceil(_FEWEST_OF_ACTION / trained[clip.label]))
        for view in range(seen_by):
            rng = np.random.default_rng([view, len(clip.name), int(abs(float(clip.joints_3d.sum())) * 1000) % 2**31])
            name = "unseen_studio" if unseen else "studio"
            if split == "train" and clip.label in UNSEEN_OTHER:
                name = "studio_others"
            joints = common_joints(seen_by_some_camera(clip.joints_3d, rng, steepest=steepest))
            yield JointSequence(name, split, f"{clip.name}#{view}", joints, clip.fps, allowed)


def seen_by_some_camera(joints_3d: np.ndarray, rng: np.random.Generator, *, steepest: float = _STEEPEST) -> np.ndarray:
    """Joints ``(T, J, 3)`` in metres, Y up, in the picture of a camera somewhere around: ``(T, J, 3)`` x, y, visible 0
    or 1. It looks down by at most ``steepest`` radians.
    """
    extent = float(np.ptp(joints_3d.reshape(-1, 3), axis=0).max())
    seen = project(
        joints_3d,
        yaw=float(rng.uniform(-np.pi, np.pi)),
        pitch=float(rng.uniform(-0.1, steepest)),
        distance=float(rng.uniform(2.5, 8)) + extent / 2,
        focal=float(rng.uniform(500, 900)),
    )
    visible = np.isfinite(seen).all(-1, keepdims=True)
    return np.concatenate([np.where(visible, seen, 0), visible], -1).astype(np.float32)


def own_tracks(folder: Path) -> Iterator[JointSequence]:
    """Tracks that our own detector, tracker and pose network found (`trainer.precomputed.tracks`), with whatever their
    clip's label says.
    """
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text().splitlines():
            row = json.loads(line)
            joints = common_joints(np.array(row["joints"], np.float32))
            yield JointSequence(
                row["source"], row["split"], row["name"], joints, row["frame_rate"], tuple(row["allowed"])
            )


assert len(COMMON_JOINTS) == 13
