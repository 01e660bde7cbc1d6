"""3D joint errors of each seed: MPJPE and P-MPJPE in millimetres."""

from collections.abc import Sequence
from dataclasses import dataclass

from trainer.claims.outcome import Outcome


@dataclass(frozen=True, slots=True)
class PoseErrors:
    """Errors of joints in 3D relative to the pelvis, in millimetres, by seed: MPJPE and P-MPJPE."""

    mpjpe: Outcome
    p_mpjpe: Outcome

    def line(self) -> str:
        """As text: what was measured, and each error's mean, deviation and value of each seed."""
        return f"{self.mpjpe.variant}: MPJPE {_millimetres(self.mpjpe)}, P-MPJPE {_millimetres(self.p_mpjpe)}"


def pose_errors(name: str, of_seeds: Sequence[tuple[float, float]]) -> PoseErrors:
    """Gather MPJPE and P-MPJPE (millimetres) of each seed, at least one, under a name."""
    return PoseErrors(*(Outcome(name, tuple(figures)) for figures in zip(*of_seeds, strict=True)))


def _millimetres(outcome: Outcome) -> str:
    if len(outcome.figures) == 1:
        return f"{outcome.mean:.1f} mm"
    return f"{outcome.mean:.1f} ± {outcome.deviation:.1f} mm ({', '.join(f'{value:.1f}' for value in outcome.figures)})"
