"""Shares with bootstrap intervals over pictures, the area under the ROC curve, and the worst of several sources."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

RESAMPLES = 1000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its 95 % interval over pictures, and how many people, joints or pictures it is of.

    The values are NaN where there is nothing to measure.
    """

    value: float
    low: float
    high: float
    count: int


def share(hits: Sequence[float] | np.ndarray, totals: Sequence[float] | np.ndarray, *, seed: int = 0) -> Estimate:
    """Sum of ``hits`` (P,) over sum of ``totals`` (P,) of P pictures, whole pictures drawn again with replacement.

    People of one picture share its light, lens and scene: drawing single people would promise too much.
    """
    hit, total = np.asarray(hits, np.float64), np.asarray(totals, np.float64)
    chosen = total > 0
    hit, total = hit[chosen], total[chosen]
    if not len(hit):
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    times = _draws(len(hit), seed)
    values = (times @ hit) / np.maximum(times @ total, 1e-12)
    return Estimate(float(hit.sum() / total.sum()), *_interval(values), round(float(total.sum())))


def difference(hits: np.ndarray, other_hits: np.ndarray, totals: np.ndarray, *, seed: int = 0) -> Estimate:
    """A share minus another on the same people of P pictures: the same draws for both, so that a hard picture weighs on
    both.
    """
    return share(np.asarray(hits, np.float64) - np.asarray(other_hits, np.float64), totals, seed=seed)


def resampled(
    parts: Sequence[tuple[np.ndarray, np.ndarray]],
    statistic: Callable[[np.ndarray, np.ndarray], float],
    *,
    seed: int = 0,
) -> Estimate:
    """A statistic of scores and whether each is right, of P pictures ``(scores (M,), right (M,))``, with whole pictures
    drawn again; it need not be a sum over pictures.
    """
    kept = [part for part in parts if len(part[0])]
    if not kept:
        return Estimate(float("nan"), float("nan"), float("nan"), 0)
    scores, right = (np.concatenate(values) for values in zip(*kept, strict=True))
    picture = np.repeat(np.arange(len(kept)), [len(part[0]) for part in kept])
    draws = (np.repeat(np.arange(len(scores)), times[picture]) for times in _draws(len(kept), seed).astype(int))
    values = np.array([statistic(scores[rows], right[rows]) for rows in draws])
    values = values[~np.isnan(values)]  # a draw in which all are right has no area under the curve
    value = statistic(scores, right)
    low, high = _interval(values) if len(values) else (value, value)
    return Estimate(float(value), low, high, len(scores))


def _draws(pictures: int, seed: int) -> np.ndarray:
    """How often each picture comes in each resample: (R, P)."""
    rng = np.random.default_rng(seed)
    return rng.multinomial(pictures, np.full(pictures, 1 / pictures), RESAMPLES).astype(np.float64)


def _interval(values: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)


def area_under_curve(scores: np.ndarray, right: np.ndarray) -> float:
    """Area under the ROC curve: the probability that a right prediction has a higher score than a wrong one.

    Args:
        scores: ``(M,)``; ties count half.
        right: ``(M,)`` bool, whether each prediction is right.

    Returns:
        0..1, or NaN where all predictions are right or all are wrong.
    """
    right = np.asarray(right, bool)
    positives, negatives = int(right.sum()), int((~right).sum())
    if not positives or not negatives:
        return float("nan")
    ranks = rankdata(scores)
    return float((ranks[right].sum() - positives * (positives + 1) / 2) / (positives * negatives))


def worst(values: Mapping[str, float]) -> tuple[str, float]:
    """The source with the lowest value, by which checkpoints and thresholds are chosen: never the mean of sources.

    Args:
        values: By source, higher is better; sources whose value is NaN have nothing to say.

    Raises:
        ValueError: No source has a value.
    """
    known = {source: value for source, value in values.items() if not np.isnan(value)}
    if not known:
        raise ValueError(f"none of the sources {', '.join(values) or '(none)'} has a value to choose by")
    name = min(sorted(known), key=lambda source: known[source])
    return name, known[name]
