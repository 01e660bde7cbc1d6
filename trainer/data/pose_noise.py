"""Our own pose errors, put on annotated joints: the action network then meets in training what it meets in use.

The bank holds, for held-out persons, each joint's error (in torso lengths) and the confidence that the network gave it,
all joints of a person together, so that confusions and hidden limbs come as they come. A sequence gets a new person's
errors every few frames, with the errors in between blended, because neighbouring frames of a video fail alike.
"""

import numpy as np


def residual_bank(predicted: np.ndarray, confidence: np.ndarray, target: np.ndarray, torso: np.ndarray) -> np.ndarray:
    """Errors of held-out persons on common joints.

    Args:
        predicted: ``(N, 13, 2)``.
        confidence: ``(N, 13)`` as the network gave it.
        target: ``(N, 13, 3)`` x, y, labelled.
        torso: ``(N,)`` same unit; persons with 0 are left out.

    Returns:
        ``(M, 13, 3)`` float32: error x, y in torso lengths (0 where unlabelled) and confidence.
    """
    known = torso > 0
    labelled = target[known][..., 2:] > 0
    error = np.where(labelled, (predicted[known] - target[known][..., :2]) / torso[known, None, None], 0.0)
    return np.concatenate([np.clip(error, -3, 3), confidence[known][..., None]], -1).astype(np.float32)


def torso_of_sequence(joints: np.ndarray) -> float:
    """Median shoulder-to-hip distance of a sequence (T, 13, 3), at least a fifth of its extent, in its own unit."""
    sides = np.concatenate(
        [
            np.linalg.norm(joints[:, 1, :2] - joints[:, 7, :2], axis=-1),
            np.linalg.norm(joints[:, 2, :2] - joints[:, 8, :2], axis=-1),
        ]
    )
    seen = np.concatenate([joints[:, [1, 7], 2].min(1), joints[:, [2, 8], 2].min(1)]) > 0
    extent = np.ptp(joints[..., :2].reshape(-1, 2), axis=0).max()
    return max(float(np.median(sides[seen])) if seen.any() else 0.0, 0.2 * float(extent) * 0.5, 1e-3)


def add_pose_noise(
    joints: np.ndarray, bank: np.ndarray, rng: np.random.Generator, *, hold: float = 4.0, strength: float = 1.0
) -> np.ndarray:
    """A sequence as our pose network would see it.

    Args:
        joints: ``(T, 13, 3)`` x, y, visible; joints that are not visible keep their place with a fifth of the
            confidence.
        bank: From `residual_bank`.
        rng: Where the randomness comes from.
        hold: Mean number of frames until the next person's errors.
        strength: Factor on the errors.

    Returns:
        ``(T, 13, 3)`` x, y, confidence.
    """
    frames = len(joints)
    changes = np.cumsum(np.concatenate([[0.0], rng.exponential(hold, 1 + int(3 * frames / hold) + 4) + 1.0]))
    chosen = bank[rng.integers(len(bank), size=len(changes))]
    time = np.arange(frames, dtype=np.float64)
    left = np.searchsorted(changes, time, side="right") - 1
    left = np.minimum(left, len(changes) - 2)
    blend = ((time - changes[left]) / (changes[left + 1] - changes[left]))[:, None, None].clip(0, 1)
    residual = chosen[left] * (1 - blend) + chosen[left + 1] * blend
    torso = torso_of_sequence(joints)
    noisy = joints.astype(np.float32).copy()
    noisy[..., :2] += residual[..., :2] * torso * strength + rng.normal(0, 0.01 * torso, (*joints.shape[:2], 2))
    noisy[..., 2] = residual[..., 2] * np.where(joints[..., 2] > 0, 1.0, 0.2)
    return noisy
