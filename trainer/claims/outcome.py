"""What came out of a claim: a figure of every seed of every variant."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Outcome:
    """One variant: its name, and a figure of each seed, 0..1 (mAP, or the share that is right)."""

    variant: str
    figures: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.figures))

    @property
    def deviation(self) -> float:
        """Of one seed from the mean (n − 1)."""
        return float(np.std(self.figures, ddof=1)) if len(self.figures) > 1 else float("nan")

    def less(self, other: "Outcome") -> "Outcome":
        """How much more this one has than another, seed by seed.

        Raises:
            ValueError: They do not have equally many seeds.
        """
        pairs = zip(self.figures, other.figures, strict=True)
        return Outcome(f"{self.variant} less {other.variant}", tuple(mine - its for mine, its in pairs))

    def line(self, measure: str) -> str:
        """As text: name, mean, deviation, and what each seed gave of a measure; one seed has no deviation."""
        if len(self.figures) == 1:
            return f"{self.variant}: {measure} {self.mean:.2%}"
        each = ", ".join(f"{value:.2%}" for value in self.figures)
        return f"{self.variant}: {measure} {self.mean:.2%} ± {self.deviation:.2%} ({each})"
