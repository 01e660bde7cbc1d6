"""Clips as the runtime cuts them, and clips for training."""

from dataclasses import replace

import numpy as np

from trainer.data.action_sequences import OTHER, JointSequence
from trainer.data.action_windows import (
    CLIP_SECONDS,
    USUAL,
    ClipAugmentation,
    deployed_clips,
    glide,
    hide_joints,
    hide_legs,
    training_clip,
    whole_clip,
)
from trainer.inputs.action_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS, COMMON_MIRROR


def numbered(frames: int, rate: float = 30.0) -> JointSequence:
    """A sequence whose joints say which frame they are of."""
    joints = np.ones((frames, 13, 3), np.float32)
    joints[..., 0] = np.arange(frames)[:, None]
    joints[..., 1] = np.arange(13)
    return JointSequence("penn_action", "train", "n", joints, rate, ("walk",))


def test_deployed_clips_have_the_clips_length_in_seconds() -> None:
    clips = deployed_clips(numbered(300))
    spans = clips[:, -1, 0, 0] - clips[:, 0, 0, 0]
    assert np.abs(spans / 30 - (CLIP_LENGTH - 1) * CLIP_STRIDE_SECONDS).max() < 0.05
    assert np.diff(clips[:, -1, 0, 0]).tolist() == [15.0] * (len(clips) - 1)


def test_short_sequences_repeat_their_first_frame() -> None:
    (clip,) = deployed_clips(numbered(20))
    assert clip.shape == (CLIP_LENGTH, 13, 3)
    assert clip[0, 0, 0] == 0
    assert clip[-1, 0, 0] == 19


def test_clips_of_a_sequence_with_a_lead_see_it_and_end_after_it() -> None:
    clips = deployed_clips(replace(numbered(120), lead=70))
    assert clips[:, -1, 0, 0].tolist() == [70, 85, 100, 115]
    assert clips[0, 0, 0, 0] == 8  # 31 strides of a fifteenth of a second before


def test_the_whole_clip_spans_the_sequence() -> None:
    clip = whole_clip(numbered(100))
    assert (clip[0, 0, 0], clip[-1, 0, 0]) == (0, 99)


def test_hidden_joints_lose_their_confidence() -> None:
    clip = whole_clip(numbered(100))
    hidden = [hide_joints(clip, np.random.default_rng(seed))[..., 2].min() for seed in range(20)]
    assert min(hidden) < 0.2
    assert (clip[..., 2] == 1).all()


def test_hidden_legs_are_hidden_throughout_and_the_arms_are_not() -> None:
    clip = hide_legs(whole_clip(numbered(100)), np.random.default_rng(0))
    assert (clip[:, 9:, 2] < 0.2).all()
    assert (clip[:, :7, 2] == 1).all()


def test_without_legs_nobody_is_taught_to_walk() -> None:
    bank = np.concatenate([np.zeros((3, 13, 2)), np.ones((3, 13, 1))], -1).astype(np.float32)
    walk = replace(numbered(90), allowed=("walk",))
    taught = {training_clip(walk, np.random.default_rng(seed), bank)[1] for seed in range(200)}
    assert taught == {("walk",), (OTHER,)}
    for seed in range(200):
        clip, allowed = training_clip(walk, np.random.default_rng(seed), bank)
        if (clip[:, 9:, 2] < 0.2).all():
            assert allowed == (OTHER,)


def test_training_clips_are_finite_and_sometimes_impossible() -> None:
    bank = np.concatenate([np.zeros((3, 13, 2)), np.ones((3, 13, 1))], -1).astype(np.float32)
    found = [training_clip(numbered(90), np.random.default_rng(seed), bank) for seed in range(120)]
    assert all(clip.shape == (CLIP_LENGTH, 13, 3) and np.isfinite(clip).all() for clip, _ in found)
    labels = [allowed for _, allowed in found]
    assert 0.02 < labels.count((OTHER,)) / len(labels) < 0.25
    assert CLIP_SECONDS > 2


def test_a_posture_that_glides_keeps_its_shape_and_is_no_action() -> None:
    rng = np.random.default_rng(0)
    posture = np.concatenate([rng.normal(0, 30, (13, 2)), np.ones((13, 1))], -1).astype(np.float32)
    still = np.repeat(posture[None], CLIP_LENGTH, 0)
    for seed in range(20):
        clip = glide(still, np.random.default_rng(seed))
        middle = clip[..., :2].mean(1, keepdims=True)
        shape = (clip[..., :2] - middle) / (posture[:, :2] - posture[:, :2].mean(0))
        assert np.allclose(shape, shape[:, :1, :1], rtol=1e-3)
        size = np.ptp(posture[:, :2], axis=0).max()
        assert 0.03 * size < np.linalg.norm(middle[-1] - middle[0]) < 2.6 * size
    sequence = JointSequence("still_people", "train", "n", still[:8], 4.0, (OTHER, "wave"))
    bank = np.concatenate([np.zeros((3, 13, 2)), np.ones((3, 13, 1))], -1).astype(np.float32)
    calm = USUAL.model_copy(update={"noisy": 0.0, "hidden": 0.0, "without_legs": 0.0})

    def moved(gliding: float) -> float:
        found = [
            training_clip(sequence, np.random.default_rng(seed), bank, calm.model_copy(update={"gliding": gliding}))
            for seed in range(100)
        ]
        assert all(OTHER in allowed for _, allowed in found)
        return float(np.mean([np.linalg.norm(clip[-1, 0, :2] - clip[0, 0, :2]) > 5 for clip, _ in found]))

    assert moved(0.0) < 0.2
    assert moved(1.0) > 0.8


def test_without_noise_and_trimming_a_whole_clip_is_an_affine_picture_of_its_sequence() -> None:
    rng = np.random.default_rng(0)
    joints = np.concatenate([np.cumsum(rng.normal(0, 3, (90, 13, 2)), 0), np.ones((90, 13, 1))], -1)
    sequence = replace(numbered(90), joints=joints.astype(np.float32))
    bank = np.concatenate([rng.normal(0, 0.3, (9, 13, 2)), np.ones((9, 13, 1))], -1).astype(np.float32)
    # The rest is the share of impossible clips.
    exact = USUAL.model_copy(update={"noisy": 0.0, "whole": 0.9, "trim": 0.0})

    def share(strength: ClipAugmentation) -> float:
        """Of the clips in which no joint is hidden, those that turning, stretching and mirroring make of the whole."""
        alike = []
        for seed in range(200):
            clip, _ = training_clip(sequence, np.random.default_rng(seed), bank, strength)
            if (clip[..., 2] < 0.5).any():
                continue
            far = []
            for order in (range(13), COMMON_MIRROR):
                seen = whole_clip(sequence)[:, order]
                known = np.concatenate([seen[..., :2].reshape(-1, 2), np.ones((32 * 13, 1))], 1)
                wanted = clip[..., :2].reshape(-1, 2)
                found = known @ np.linalg.lstsq(known, wanted, rcond=None)[0]
                far.append(np.abs(found - wanted).max())
            alike.append(min(far) < 0.01)
        return float(np.mean(alike))

    assert share(exact) > 0.8
    assert share(exact.model_copy(update={"noisy": 1.0})) == 0
    assert share(USUAL) < 0.1
