"""Clips of 32 frames from joint sequences: whole sequences and windows of the deployed length, augmented."""

from typing import Annotated

import numpy as np
from pydantic import Field, model_validator

from edgeact.perception.visibility import possible_actions
from trainer.data.action_sequences import LABELS, OTHER, JointSequence
from trainer.data.pose_noise import add_pose_noise
from trainer.inputs.action_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS, mirror_image
from trainer.recipe_fields import Ratio, Record

# Sets whose joints our own pose network found.
TRACKED_SOURCES = ("ut_interaction", "surveillance_fights", "studio_tracks")
CLIP_SECONDS = CLIP_LENGTH * CLIP_STRIDE_SECONDS


class ClipAugmentation(Record):
    """Strength of the augmentation of training clips.

    Attributes:
        noisy: Share of annotated sequences that get errors of our own pose network.
        whole: Share of clips that show a whole sequence; most of the others show as much as the runtime sees at once.
        trim: The most that is cut off at either end of a whole sequence, as a ratio of its length.
        held: The longest time that the last frame of a sequence shorter than a clip is repeated, as a ratio of the
            missing time.
        impossible: Share of clips that are no action: a posture held, or the frames in another order.
        without_legs: Share of clips in which the legs are not seen.
        hidden: Share of the other clips in which joints are lost for a while.
        turn: Radians that clips are turned by at most, to either side.
        stretch: Width and height are multiplied by up to e to the power of this, or divided.
        shear: The most that points are moved aside, as a ratio of how far above or below the middle they are.
        gliding: Share of held postures that get a simulated camera pan and zoom (`glide`), as mannequins have.
    """

    noisy: Ratio
    whole: Ratio
    trim: Annotated[float, Field(ge=0, lt=0.5)]
    held: Ratio
    impossible: Ratio
    without_legs: Ratio
    hidden: Ratio
    turn: Annotated[float, Field(ge=0, le=3.2)]
    stretch: Ratio
    shear: Ratio
    gliding: Ratio = 0.0

    @model_validator(mode="after")
    def _shares_of_one(self) -> "ClipAugmentation":
        if self.whole + self.impossible > 1:
            raise ValueError(f"whole {self.whole} and impossible {self.impossible} are more than all clips together")
        return self


USUAL = ClipAugmentation(
    noisy=0.75,
    whole=0.45,
    trim=0.12,
    held=0.6,
    impossible=0.1,
    without_legs=0.08,
    hidden=0.35,
    turn=0.26,
    stretch=0.2,
    shear=0.12,
)
# Most clips show whole sequences, and half of the annotated ones get no pose errors.
MILD = USUAL.model_copy(update={"noisy": 0.5, "whole": 0.7, "trim": 0.04})


def sample(joints: np.ndarray, start: float, end: float) -> np.ndarray:
    """`CLIP_LENGTH` frames, nearest in time, evenly from frame ``start`` to ``end`` (fractions allowed; outside repeats
    the border).
    """
    positions = np.linspace(start, end, CLIP_LENGTH)
    return joints[np.clip(np.round(positions).astype(int), 0, len(joints) - 1)]


def whole_clip(sequence: JointSequence) -> np.ndarray:
    """The whole sequence as one clip ``(32, 13, 3)``: the usual protocol on Penn Action."""
    return sample(sequence.joints, 0, len(sequence.joints) - 1)


def deployed_clips(sequence: JointSequence, *, hop_seconds: float = 0.5) -> np.ndarray:
    """The clips that the runtime would see of this sequence: ``(C, 32, 13, 3)``, each `CLIP_SECONDS` long, ending every
    half second; of a sequence with a lead, those that end after it.
    """
    rate = sequence.frame_rate
    length = (CLIP_LENGTH - 1) * CLIP_STRIDE_SECONDS * rate
    last = len(sequence.joints) - 1
    ends = np.arange(sequence.lead or min(length, last), last + 0.5, hop_seconds * rate)
    return np.stack([sample(sequence.joints, end - length, end) for end in ends])


def hide_joints(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random joints lost for a while: confidence near 0 and a place that means nothing."""
    hidden = np.zeros(clip.shape[:2], bool)
    for _ in range(rng.poisson(1.0)):
        start, joint = int(rng.integers(len(clip))), int(rng.integers(13))
        hidden[start : start + int(rng.integers(2, len(clip))), joint] = True
    return _without(clip, hidden, rng)


def hide_legs(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Knees and ankles lost for all of a clip, half of the time the hips too: a person behind a desk, or close up."""
    hidden = np.zeros(clip.shape[:2], bool)
    hidden[:, 7 if rng.random() < 0.5 else 9 :] = True
    return _without(clip, hidden, rng)


def _without(clip: np.ndarray, hidden: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    clip = clip.copy()
    extent = np.ptp(clip[..., :2].reshape(-1, 2), axis=0)
    clip[hidden, :2] += (rng.normal(0, 0.25, (int(hidden.sum()), 2)) * extent).astype(np.float32)
    clip[hidden, 2] *= 0.15
    return clip


def turn(
    clip: np.ndarray,
    rng: np.random.Generator,
    *,
    angle: float,
    stretch: float,
    shear: float,
    mirror: bool = True,
) -> np.ndarray:
    """Mirror half of the time; turn, stretch and shear a little: cameras differ more than data sets do.

    Args:
        clip: ``(32, 13, 3)``.
        rng: Where the randomness comes from.
        angle: Radians, at most, to either side.
        stretch: See `ClipAugmentation`.
        shear: Likewise.
        mirror: Whether half of the clips are mirrored.
    """
    clip = clip.copy()
    if mirror and rng.random() < 0.5:
        clip = mirror_image(clip)
    turned = rng.uniform(-angle, angle)
    matrix = np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]]) @ np.diag(
        np.exp(rng.uniform(-stretch, stretch, 2))
    )
    matrix[0, 1] += rng.uniform(-shear, shear)
    clip[..., :2] = clip[..., :2] @ matrix.T
    return clip


def training_clip(
    sequence: JointSequence,
    rng: np.random.Generator,
    bank: np.ndarray,
    strength: ClipAugmentation = USUAL,
) -> tuple[np.ndarray, tuple[str, ...]]:
    """A random augmented clip ``(32, 13, 3)`` and the actions that it may be."""
    joints, allowed = sequence.joints, sequence.allowed
    last = len(joints) - 1
    predicted = sequence.source in TRACKED_SOURCES  # tracks carry our errors already
    if not predicted and rng.random() < strength.noisy:
        joints = add_pose_noise(
            joints, bank, rng, hold=float(rng.uniform(2, 10)), strength=float(rng.uniform(0.4, 1.2))
        )
    kind = rng.random()
    held_posture = sequence.source == "still_people"
    length = CLIP_SECONDS * sequence.frame_rate * float(np.exp(rng.uniform(-0.25, 0.25)))
    if kind < strength.whole or last < 8:
        trim = rng.uniform(0, strength.trim, 2) * last
        clip = sample(joints, trim[0], last - trim[1])
    elif kind < 1 - strength.impossible:
        # Windows that saw less than half of the clip's time repeat the first frame, as the ring buffer does at the
        # start of a track. The last frame of a shorter sequence may be repeated: people stand still after a punch.
        held = strength.held * (length - last) if last < length else 0.0
        end = rng.uniform(min(0.75 * length, last), last + held)
        clip = sample(joints, end - length, end)
    else:
        (clip, held_posture), allowed = impossible_clip(joints, rng), (OTHER,)
    # Without gliding nothing is drawn here, so that batches stay those of older trainings.
    if strength.gliding > 0 and held_posture and rng.random() < strength.gliding:
        clip = glide(clip, rng)
    if rng.random() < strength.without_legs:
        # What is done with the legs cannot be told then; what the arms do can.
        clip = hide_legs(clip, rng)
        told = possible_actions(LABELS, {"arm": True, "leg": False})
        allowed = tuple(label for label in allowed if told[LABELS.index(label)]) or (OTHER,)
    elif rng.random() < strength.hidden:
        clip = hide_joints(clip, rng)
    clip = turn(clip, rng, angle=strength.turn, stretch=strength.stretch, shear=strength.shear)
    return clip.astype(np.float32), allowed


def glide(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Simulate camera pan and zoom on a pose clip ``(32, 13, 3)``, at a steady or changing speed.

    The pose is translated by up to 2.5 times its larger side. A person half as high as a 16:9 picture moves that far
    when a camera with a horizontal field of view of 60° turns by 42°. The scale changes by a factor of .67 to 1.5.
    """
    clip = clip.copy()
    places = clip[..., :2].reshape(-1, 2)
    size = float(np.ptp(places, axis=0).max())
    direction = rng.uniform(0, 2 * np.pi)
    axes = np.array([1.0, 0.3])  # cameras pan more than they tilt
    shift = rng.uniform(0.2, 2.5) * size * axes * [np.cos(direction), np.sin(direction)]
    zoom = float(rng.uniform(-0.4, 0.4))
    passed = np.linspace(0, 1, len(clip)) ** float(np.exp(rng.uniform(-0.5, 0.5)))
    middle = places.mean(0)
    scaled = (clip[..., :2] - middle) * np.exp(zoom * passed)[:, None, None]
    clip[..., :2] = scaled + middle + passed[:, None, None] * shift
    return clip


def impossible_clip(joints: np.ndarray, rng: np.random.Generator, *, hold: bool = True) -> tuple[np.ndarray, bool]:
    """Make a negative example from a sequence: either one posture held throughout (unless ``hold`` is False), or pieces
    of the sequence in random order.

    Returns:
        The clip ``(32, 13, 3)``, and whether it holds one posture.
    """
    if hold and rng.random() < 0.6:
        still = joints[np.full(CLIP_LENGTH, rng.integers(len(joints)))].copy()
        still[..., :2] += rng.normal(0, 0.006 * np.ptp(joints[..., :2]), still[..., :2].shape)
        return still, True
    clip = sample(joints, 0, len(joints) - 1)
    pieces = np.array_split(np.arange(CLIP_LENGTH), 8)
    order = rng.permutation(8)
    return clip[np.concatenate([pieces[i][:: rng.choice([-1, 1])] for i in order])], False
