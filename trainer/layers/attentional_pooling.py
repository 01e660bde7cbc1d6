"""Pooling of a feature map into class scores: mean, rank-1 attentional, and generalized attentional pooling (paper D).

Paper D is Wang, Zhou, Zhang, Li, "Convolutional Neural Networks with Generalized Attentional Pooling for Action
Recognition"; rank-1 attentional pooling is Girdhar and Ramanan, "Attentional Pooling for Action Recognition", NIPS
2017.

X ∈ R^{n×f} of the paper is a feature map (N, f, h, w) with n = h·w cells; a product with X is a 1×1 convolution.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn


@dataclass(frozen=True, slots=True, eq=False)
class Pooled:
    """What a pooling gives.

    Attributes:
        scores: ``(N, A)`` before the softmax.
        top_down: ``(N, A, h, w)`` X·a_k: where each class sees itself.
        bottom_up: ``(N, 1, h, w)``: where anything is worth a look, whatever the class; of mean pooling, 1/n
            everywhere.
    """

    scores: torch.Tensor
    top_down: torch.Tensor
    bottom_up: torch.Tensor


def merged_attention(pooled: Pooled, labels: torch.Tensor | None = None) -> torch.Tensor:
    """Each cell's contribution to a class's score, top-down times bottom-up (figure 4): ``(N, h, w)``, whose sum is the
    score.

    Args:
        pooled: What the pooling gave.
        labels: ``(N,)`` int64; None takes the class with the highest score.
    """
    chosen = pooled.scores.argmax(1) if labels is None else labels
    places = chosen[:, None, None, None].expand(-1, 1, *pooled.top_down.shape[2:])
    return (pooled.top_down.gather(1, places) * pooled.bottom_up)[:, 0]


def second_order_scores(features: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
    """Tr(Xᵀ·X·W_kᵀ) of every class (eq. 8): the full second-order pooling that the others approximate, f² weights a
    class.

    Args:
        features: ``(N, f, h, w)``.
        weights: ``(A, f, f)``.

    Returns:
        ``(N, A)``.
    """
    x = features.flatten(2).transpose(1, 2)
    covariance = x.transpose(1, 2) @ x
    return torch.einsum("nij,aij->na", covariance, weights)


class MeanPooling(nn.Module):
    """(1/n)·1ᵀ·X·w_k (eq. 1): (N, f, h, w) → `Pooled`."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.top_down = nn.Conv2d(channels, classes, 1, bias=False)

    def forward(self, features: torch.Tensor) -> Pooled:
        top_down = self.top_down(features)
        equal = torch.full_like(top_down[:, :1], 1.0 / (features.shape[2] * features.shape[3]))
        return Pooled(top_down.mean((2, 3)), top_down, equal)


class RankOneAttentionalPooling(nn.Module):
    """(X·a_k)ᵀ·(X·b): W_k = a_k·bᵀ (Girdhar and Ramanan, eq. 5): (N, f, h, w) → `Pooled`."""

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.top_down = nn.Conv2d(channels, classes, 1, bias=False)
        self.bottom_up = nn.Conv2d(channels, 1, 1, bias=False)

    def forward(self, features: torch.Tensor) -> Pooled:
        return _attended(self.top_down(features), self.bottom_up(features))


class GeneralizedAttentionalPooling(nn.Module):
    """(X·a_k)ᵀ·X·f(V·c), V = f(U_1)·f(U_2)…f(U_T) (eq. 5 and 9): (N, f, h, w) → `Pooled`.

    As the paper realises it (section IV): each U_t is a 1×1 convolution and f a ReLU behind it, so that f acts on what
    comes out of the matrices; on features, matrices and c without negative numbers that is the equation itself
    (`scores_by_equation`).
    """

    def __init__(self, channels: int, classes: int, *, matrices: int = 3, first_rank: int = 4096) -> None:
        """Make the layers.

        Args:
            channels: f.
            classes: A.
            matrices: T.
            first_rank: r_1; each further rank is half of the one before, the last (r) too.

        Raises:
            ValueError: There is no matrix, or the ranks come to nothing.
        """
        super().__init__()
        if matrices < 1 or first_rank >> (matrices - 1) < 1:
            raise ValueError(
                f"{matrices} matrices from rank {first_rank} on; take at least 1, and a rank that can be halved "
                "so often"
            )
        ranks = [channels, *(first_rank >> step for step in range(matrices))]
        self.top_down = nn.Conv2d(channels, classes, 1, bias=False)
        self.matrices = nn.ModuleList(nn.Conv2d(wide, narrow, 1, bias=False) for wide, narrow in pairwise(ranks))
        self.vector = nn.Conv2d(ranks[-1], 1, 1, bias=False)  # c

    def forward(self, features: torch.Tensor) -> Pooled:
        x = features
        for matrix in self.matrices:
            x = torch.relu(matrix(x))
        return _attended(self.top_down(features), self.vector(x))


def scores_by_equation(
    features: torch.Tensor, top_down: torch.Tensor, matrices: list[torch.Tensor], vector: torch.Tensor
) -> torch.Tensor:
    """Eq. 9 to the letter, f on the matrices themselves: ``(N, A)``. For tests and reading; see
    `GeneralizedAttentionalPooling`.

    Args:
        features: ``(N, f, h, w)``.
        top_down: ``(A, f)``, the rows a_k.
        matrices: U_1 ``(f, r_1)``, U_2 ``(r_1, r_2)`` …
        vector: c ``(r,)``.
    """
    product = torch.relu(matrices[0])
    for matrix in matrices[1:]:
        product = product @ torch.relu(matrix)
    attention = torch.relu(product @ vector)
    x = features.flatten(2).transpose(1, 2)
    return ((x @ top_down.T) * (x @ attention)[..., None]).sum(1)


def _attended(top_down: torch.Tensor, bottom_up: torch.Tensor) -> Pooled:
    return Pooled((top_down * bottom_up).sum((2, 3)), top_down, bottom_up)
