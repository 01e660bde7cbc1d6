"""The learning rate over a training."""

import math

WARM_UP = 200  # steps


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Linear warm-up, then half a cosine to a hundredth of the peak.

    Args:
        step: From 0.
        steps: Of the whole training.
        peak: The highest learning rate.
    """
    if step < WARM_UP:
        return peak * (step + 1) / WARM_UP
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - WARM_UP) / max(steps - WARM_UP, 1))))
