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
    """Per joint ``(J,)``: confidence = sigmoid(slope · log(peak mass) + offset)."""

    slope: np.ndarray
    offset: np.ndarray


def fit_confidence(
    mass: np.ndarray, predicted: np.ndarray, target: np.ndarray, torso: np.ndarray, *, threshold: float = 0.2
) -> ConfidenceFit:
    """Logistic regression, per joint, of "within ``threshold`` torso lengths" on the logarithm of the peak's mass.

    Args:
        mass: ``(N, J)`` share of the map's mass around its peak.
        predicted: ``(N, J, 2)``.
        target: ``(N, J, 3)`` x, y, weight.
        torso: ``(N,)``, 0 where unknown.
        threshold: Share of the torso length.

    Joints with fewer than 50 labels share one fit over all joints.
    """
    valid = (target[..., 2] > 0) & (torso[:, None] > 0)
    right = np.linalg.norm(predicted - target[..., :2], axis=-1) <= threshold * torso[:, None]
    evidence = np.log(np.maximum(mass, 1e-4))

    def fit(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        def loss(parameters: np.ndarray) -> float:
            z = parameters[0] * x + parameters[1]
            return float(np.mean(np.logaddexp(0, z) - y * z) + 1e-3 * ((parameters[0] - 2) ** 2))

        return minimize(loss, np.array([2.0, 1.0]), method="Nelder-Mead").x

    shared = fit(evidence[valid], right[valid].astype(np.float64))
    fits = [
        fit(evidence[valid[:, joint], joint], right[valid[:, joint], joint].astype(np.float64))
        if valid[:, joint].sum() >= 50
        else shared
        for joint in range(mass.shape[1])
    ]
    values = np.array(fits, np.float32)
    return ConfidenceFit(slope=values[:, 0], offset=values[:, 1])


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


def choose_threshold(probability: np.ndarray, sequences: list[JointSequence], *, other_as_known: float = 0.05) -> float:
    """The lowest threshold from .4 up at which at most this share of "other" clips is called a known action (at most
    .9).
    """
    for hundredths in range(40, 90, 2):
        if open_set_rates(probability, sequences, hundredths / 100).other_as_known <= other_as_known:
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
