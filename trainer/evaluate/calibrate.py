"""Make scores mean what they say: joint confidence as a probability, action probabilities by temperature, and
thresholds.

Everything here looks at validation samples only; the test split is for measuring.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize, minimize_scalar

from trainer.data.action_sequences import LABELS, OTHER, JointSequence
from trainer.data.action_windows import deployed_clips
from trainer.models.edge_action import EdgeAction


@dataclass(frozen=True, slots=True, eq=False)
class ConfidenceFit:
    """Confidence of joint j = sigmoid(rise · its map's peak over the mean + room · its distance to the crop's border +
    offset_j) (`trainer.models.edge_pose`); the offsets are ``(J,)`` float32.

    Joints near the border are wrong more often than their maps show: there the picture, or the box, cuts a person off.
    """

    rise: float
    room: float
    offset: np.ndarray


# How strongly a joint's own offset is held to that of all joints, in labels: with fewer the joint says little itself.
_OFFSET_LABELS = 50.0


def fit_confidence(
    rise: np.ndarray, room: np.ndarray, right: np.ndarray, valid: np.ndarray, weight: np.ndarray
) -> ConfidenceFit:
    """Logistic regression of "within 0.2 torso lengths of a human's joint".

    Args:
        rise: ``(N, J)`` of the maps.
        room: ``(N, J)`` of the joints.
        right: ``(N, J)`` bool.
        valid: ``(N, J)`` bool: a human named the joint.
        weight: ``(N,)`` how much a person counts.
    """
    rows, joints = np.nonzero(valid)
    of_rise, of_room, truth = rise[rows, joints], room[rows, joints], right[rows, joints].astype(np.float64)
    counts = weight[rows] / weight[rows].mean()

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        offsets = parameters[2] + parameters[3:]
        z = parameters[0] * of_rise + parameters[1] * of_room + offsets[joints]
        error = (1 / (1 + np.exp(-z)) - truth) * counts
        value = (
            float((counts * (np.logaddexp(0, z) - truth * z)).sum()) + _OFFSET_LABELS / 8 * (parameters[3:] ** 2).sum()
        )
        by_joint = np.bincount(joints, error, rise.shape[1])
        gradient = np.array(
            [error @ of_rise, error @ of_room, error.sum(), *(by_joint + _OFFSET_LABELS / 4 * parameters[3:])]
        )
        return value, gradient

    start = np.array([5.0, 0.0, 0.0, *np.zeros(rise.shape[1])])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return ConfidenceFit(float(found[0]), float(found[1]), (found[2] + found[3:]).astype(np.float32))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, *, bins: int = 10) -> float:
    """Mean absolute gap between confidence (M,) and accuracy (M,) over equal-width bins, weighted by size (Guo et al.
    2017).
    """
    index = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [
        abs(confidence[index == b].mean() - right[index == b].mean()) * (index == b).mean()
        for b in range(bins)
        if (index == b).any()
    ]
    return float(np.sum(gaps))


def fit_temperature(logits: np.ndarray, allowed: np.ndarray) -> float:
    """The temperature that makes the allowed actions (N, A) bool most likely for logits (N, A)."""

    def loss(log_temperature: float) -> float:
        log_probability = torch.log_softmax(torch.from_numpy(logits / np.exp(log_temperature)), -1)
        return float(-torch.logsumexp(log_probability.masked_fill(~torch.from_numpy(allowed), -1e9), -1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-1.0, 1.5), method="bounded").x))


@dataclass(frozen=True, slots=True)
class OpenSetRates:
    """How often the honest "other" errs at a threshold.

    Attributes:
        known_as_other: Clips of a known action for which no known action reaches the threshold.
        known_as_wrong: Clips of a known action that are called another known action.
        other_as_known: Clips of none of the actions that are called one.
    """

    threshold: float
    known_as_other: float
    known_as_wrong: float
    other_as_known: float


def open_set_rates(probability: np.ndarray, sequences: list[JointSequence], threshold: float) -> OpenSetRates:
    """Rates over clips with probabilities (N, A): an action is called when it is the best, not "other", and reaches the
    threshold.
    """
    best = probability.argmax(1)
    other = LABELS.index(OTHER)
    called = (best != other) & (probability.max(1) >= threshold)
    known = np.array([OTHER not in sequence.allowed for sequence in sequences])
    right = np.array([LABELS[b] in sequence.allowed for b, sequence in zip(best, sequences, strict=True)])
    return OpenSetRates(
        threshold=threshold,
        known_as_other=float((~called[known]).mean()) if known.any() else float("nan"),
        known_as_wrong=float((called & ~right)[known].mean()) if known.any() else float("nan"),
        other_as_known=float((called & ~right)[~known].mean()) if (~known).any() else float("nan"),
    )


# A source with fewer "other" clips says too little about a threshold.
FEWEST_CLIPS = 20


def choose_threshold(probability: np.ndarray, sequences: list[JointSequence], *, other_as_known: float = 0.05) -> float:
    """The lowest threshold from .4 up at which at most this share of the "other" clips of each source is called a known
    action (at most .9).

    The worst source decides: what people do that is none of the actions looks different in every set, and a mean over
    sets where it is easy to tell promises too much.

    Args:
        probability: ``(N, A)`` of each clip.
        sequences: Whose clips they are.
        other_as_known: The largest share.
    """
    sources = np.array([sequence.source for sequence in sequences])
    others = np.array([OTHER in sequence.allowed for sequence in sequences])
    judged = [source for source in sorted(set(sources)) if (others & (sources == source)).sum() >= FEWEST_CLIPS]
    parts = [np.flatnonzero(sources == source) for source in judged]
    for hundredths in range(40, 90, 2):
        rates = [
            open_set_rates(probability[rows], [sequences[row] for row in rows], hundredths / 100).other_as_known
            for rows in parts
        ]
        if max(rates, default=0.0) <= other_as_known:
            return hundredths / 100
    return 0.9


def calibrate_action(
    network: EdgeAction, sequences: list[JointSequence], *, other_as_known: float
) -> tuple[float, float]:
    """Temperature and threshold of the action network on the clips that the runtime would see of validation sequences.

    Args:
        network: In any mode; left in evaluation mode.
        sequences: Of every split; only those of "validation" are looked at.
        other_as_known: See `choose_threshold`.
    """
    clips, owners = [], []
    for sequence in sequences:
        if sequence.split == "validation":
            windows = deployed_clips(sequence)
            clips.append(windows)
            owners += [sequence] * len(windows)
    network.eval()
    with torch.no_grad():
        logits = torch.cat(
            [network(torch.from_numpy(part)) for part in np.array_split(np.concatenate(clips), 1 + len(owners) // 256)]
        ).numpy()
    allowed = np.array([[label in owner.allowed for label in LABELS] for owner in owners])
    temperature = fit_temperature(logits, allowed)
    probability = torch.softmax(torch.from_numpy(logits / temperature), -1).numpy()
    return temperature, choose_threshold(probability, owners, other_as_known=other_as_known)
