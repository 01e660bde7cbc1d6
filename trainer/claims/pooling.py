"""Paper D: generalised attentional pooling beats rank-1, which beats the mean; here where the features are fixed."""

from pathlib import Path

from trainer.claims.linear_floor import frozen_floor
from trainer.claims.outcome import Outcome
from trainer.claims.stanford_maps import Reduced, Variant, class_loss, try_variants
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling

_MATRICES = (1, 2, 3, 4, 5)  # T; the paper's figure 3 has a plateau over 3
_FIRST_RANK = 64


def try_pooling(data: Reduced, work: Path, *, seeds: int, epochs: int) -> list[Outcome]:
    """Train the linear floor, and mean, rank-1 and generalised pooling (T = 1 to 5, figure 3); measure each by its mAP.

    Raises:
        DivergenceError: A training diverged.
    """
    channels, classes = data.maps.shape[1], data.classes
    variants: list[Variant] = [
        ("mean", lambda: MeanPooling(channels, classes), class_loss),
        ("rank-1", lambda: RankOneAttentionalPooling(channels, classes), class_loss),
        *(
            (
                f"generalised, T={matrices}",
                lambda matrices=matrices: GeneralizedAttentionalPooling(
                    channels, classes, matrices=matrices, first_rank=_FIRST_RANK
                ),
                class_loss,
            )
            for matrices in _MATRICES
        ),
    ]
    floor = frozen_floor(data, work, seeds=seeds)
    return [floor, *try_variants("pooling", variants, data, work, seeds=seeds, epochs=epochs)]
