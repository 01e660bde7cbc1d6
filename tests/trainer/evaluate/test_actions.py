"""Clips to measure the action graph with."""

from pathlib import Path

import numpy as np

from edgeact.bundle.load import load_bundle
from tests.tiny_bundle import build_tiny_bundle
from trainer.data.action_sequences import JointSequence
from trainer.data.action_windows import whole_clip
from trainer.evaluate.actions import classify, noisy_clips
from trainer.evaluate.graphs import open_named

EXACT = np.concatenate([np.zeros((3, 13, 2)), np.ones((3, 13, 1))], -1).astype(np.float32)


def sequences(count: int) -> list[JointSequence]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        joints = np.ones((45, 13, 3), np.float32)
        joints[..., :2] = rng.normal(0, 40, (1, 13, 2)) + np.arange(45)[:, None, None] + 200
        found.append(JointSequence("penn_action", "test", str(number), joints, 30.0, ("walk",)))
    return found


def test_one_joint_in_twelve_is_lost_for_up_to_a_third_of_the_time() -> None:
    chosen = sequences(60)
    clips = noisy_clips(chosen, EXACT, seed=0)
    assert clips.shape == (60, 32, 13, 3)
    lost = clips[..., 2] == 0
    assert 0.05 < lost.any(1).mean() < 0.12
    assert lost.mean(1).max() <= 0.35
    # Without errors in the bank, joints stay but for the noise of a hundredth of a torso.
    clean = np.stack([whole_clip(sequence) for sequence in chosen])
    assert np.abs(clips - clean)[..., :2].max() < 6
    assert (chosen[0].joints[..., 2] == 1).all()


def test_the_noise_of_a_seed_is_always_the_same() -> None:
    first, again, other = (noisy_clips(sequences(4), EXACT, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_batches_give_what_single_clips_give(tmp_path: Path) -> None:
    backend = open_named(load_bundle(build_tiny_bundle(tmp_path / "tiny")), "action")
    clips = np.stack([whole_clip(sequence) for sequence in sequences(5)])
    together, alone = classify(backend, clips, batch=2), classify(backend, clips, batch=1)
    backend.close()
    assert together.shape == (5, 3)
    assert np.allclose(together, alone, atol=1e-6)
    assert np.allclose(together.sum(1), 1, atol=1e-5)
