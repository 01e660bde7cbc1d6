"""Poolings against second-order pooling and brute force (paper D)."""

import pytest
import torch

from trainer.layers.attentional_pooling import (
    GeneralizedAttentionalPooling,
    MeanPooling,
    RankOneAttentionalPooling,
    merged_attention,
    scores_by_equation,
    second_order_scores,
)


def features(seed: int = 0) -> torch.Tensor:
    return torch.randn(2, 6, 3, 4, generator=torch.Generator().manual_seed(seed))


def flat(x: torch.Tensor) -> torch.Tensor:
    return x.flatten(2).transpose(1, 2)  # X, (N, n, f)


def test_second_order_pooling_is_the_trace() -> None:
    x, weights = features(), torch.randn(5, 6, 6, generator=torch.Generator().manual_seed(1))
    scores = second_order_scores(x, weights)
    for sample in range(2):
        for label in range(5):
            matrix = flat(x)[sample]
            assert scores[sample, label].item() == pytest.approx(
                torch.trace(matrix.T @ matrix @ weights[label].T).item(), rel=1e-4
            )


def test_mean_pooling_by_hand() -> None:
    layer, x = MeanPooling(6, 3), features()
    pooled = layer(x)
    expected = flat(x).mean(1) @ layer.top_down.weight[:, :, 0, 0].T
    assert torch.allclose(pooled.scores, expected, atol=1e-6)
    assert torch.allclose(merged_attention(pooled).sum((1, 2)), pooled.scores.amax(1), atol=1e-6)


def test_rank_one_pooling_is_second_order_pooling_with_a_rank_one_matrix() -> None:
    layer, x = RankOneAttentionalPooling(6, 3), features()
    a, b = layer.top_down.weight[:, :, 0, 0], layer.bottom_up.weight[0, :, 0, 0]
    weights = torch.stack([torch.outer(row, b) for row in a])
    assert torch.allclose(layer(x).scores, second_order_scores(x, weights), atol=1e-5)


def test_the_trace_identity_of_the_generalized_factoring() -> None:
    """Eq. 6 = eq. 7: Tr(XᵀX·f(Vc)·aᵀ) = (Xa)ᵀ(X·f(Vc)), with V of eq. 5."""
    generator = torch.Generator().manual_seed(2)
    x = features()
    matrices = [torch.randn(6, 8, generator=generator), torch.randn(8, 4, generator=generator)]
    vector, a = torch.randn(4, generator=generator) + 0.5, torch.randn(3, 6, generator=generator)
    attention = torch.relu(torch.relu(matrices[0]) @ torch.relu(matrices[1]) @ vector)
    assert attention.any()
    weights = torch.stack([torch.outer(row, attention) for row in a])  # W_k = a_k·f(Vc)ᵀ (eq. 4)
    assert torch.allclose(
        scores_by_equation(x, a, matrices, vector), second_order_scores(x, weights), rtol=1e-4, atol=1e-4
    )


def test_without_negative_numbers_the_convolutions_are_the_equation() -> None:
    layer, x = GeneralizedAttentionalPooling(6, 3, matrices=3, first_rank=16), features().abs()
    with torch.no_grad():
        for parameter in (*(matrix.weight for matrix in layer.matrices), layer.vector.weight):
            parameter.abs_()
    matrices = [matrix.weight[:, :, 0, 0].T for matrix in layer.matrices]
    assert [tuple(matrix.shape) for matrix in matrices] == [(6, 16), (16, 8), (8, 4)]
    expected = scores_by_equation(x, layer.top_down.weight[:, :, 0, 0], matrices, layer.vector.weight[0, :, 0, 0])
    assert torch.allclose(layer(x).scores, expected, rtol=1e-4, atol=1e-5)


def test_a_negative_c_parts_the_convolutions_from_the_equation() -> None:
    """The paper's convolutions have no ReLU behind c; eq. 9 has one around all of V·c."""
    layer, x = GeneralizedAttentionalPooling(6, 3, matrices=2, first_rank=8), features().abs()
    with torch.no_grad():
        for parameter in (*(matrix.weight for matrix in layer.matrices), layer.vector.weight):
            parameter.abs_()
        layer.vector.weight.neg_()
    matrices = [matrix.weight[:, :, 0, 0].T for matrix in layer.matrices]
    by_equation = scores_by_equation(x, layer.top_down.weight[:, :, 0, 0], matrices, layer.vector.weight[0, :, 0, 0])
    assert not by_equation.any()
    assert layer(x).scores.abs().min() > 1e-3


def test_the_convolutions_cell_by_cell() -> None:
    layer, x = GeneralizedAttentionalPooling(6, 3, matrices=2, first_rank=8), features()
    pooled = layer(x)
    first, second = (matrix.weight[:, :, 0, 0] for matrix in layer.matrices)
    total = torch.zeros(2, 3)
    for sample in range(2):
        for row in range(3):
            for column in range(4):
                cell = x[sample, :, row, column]
                bottom = layer.vector.weight[0, :, 0, 0] @ torch.relu(second @ torch.relu(first @ cell))
                top = layer.top_down.weight[:, :, 0, 0] @ cell
                assert pooled.bottom_up[sample, 0, row, column].item() == pytest.approx(bottom.item(), abs=1e-5)
                total[sample] += top * bottom
    assert torch.allclose(pooled.scores, total, atol=1e-5)


def test_the_papers_sizes() -> None:
    layer = GeneralizedAttentionalPooling(2048, 393)
    shapes = [tuple(matrix.weight.shape[:2]) for matrix in layer.matrices]
    assert shapes == [(4096, 2048), (2048, 4096), (1024, 2048)]
    assert layer.vector.weight.shape[1] == 1024


def test_merged_attention_is_where_a_score_comes_from() -> None:
    layer = RankOneAttentionalPooling(2, 2)
    with torch.no_grad():
        layer.top_down.weight.copy_(torch.eye(2)[:, :, None, None])
        layer.bottom_up.weight.fill_(1.0)
    x = torch.zeros(1, 2, 2, 2)
    x[0, 0, 0, 1], x[0, 1, 1, 0] = 2.0, 3.0
    pooled = layer(x)
    assert pooled.scores.tolist() == [[4.0, 9.0]]
    assert merged_attention(pooled).tolist() == [[[0, 0], [9, 0]]]
    assert merged_attention(pooled, torch.tensor([0])).tolist() == [[[0, 4], [0, 0]]]


def test_no_matrices_or_no_rank_left_is_refused() -> None:
    for matrices, rank in ((0, 16), (6, 16)):
        with pytest.raises(ValueError, match=f"{matrices} matrices from rank {rank}"):
            GeneralizedAttentionalPooling(6, 3, matrices=matrices, first_rank=rank)
