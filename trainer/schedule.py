"""The learning rate over a training."""

import math
from collections.abc import Sequence


def learning_rate(step: int, cycles: Sequence[int], peaks: Sequence[float]) -> float:
    """Linear warm-up over 200 steps, then half a cosine to a hundredth; anew after the end of each cycle.

    Warm restarts (Loshchilov and Hutter, "SGDR", ICLR 2017) let a finished training go on.

    Args:
        step: From 0.
        cycles: The step at which each cycle ends, ascending.
        peaks: Highest learning rate of each cycle.
    """
    start = max((end for end in cycles if end <= step), default=0)
    end, peak = next((end, peak) for end, peak in zip(cycles, peaks, strict=True) if end > step)
    length = end - start
    if step - start < 200:
        return peak * (step - start + 1) / 200
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - start - 200) / max(length - 200, 1))))
