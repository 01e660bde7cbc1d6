"""Each optimiser's first two steps against the formula, and decay of weights alone."""

import pytest
import torch
from torch import nn

from trainer.optimizers import Adam, AdamW, RmsProp, Sgd, make_optimizer

RATE, GRADIENT = 0.1, 0.5


def after(kind: AdamW | Adam | Sgd | RmsProp, steps: int, *, decay: float = 0.0) -> float:
    weight = nn.Parameter(torch.ones(1, 1))
    optimizer = make_optimizer(kind, [weight], rate=RATE, weight_decay=decay)
    for _ in range(steps):
        weight.grad = torch.full((1, 1), GRADIENT)
        optimizer.step()
    return float(weight.detach())


def test_nesterovs_momentum() -> None:
    """v1 = g, step g + .9 v1; v2 = .9 v1 + g, step g + .9 v2."""
    assert after(Sgd(), 2) == pytest.approx(1 - RATE * GRADIENT * (1.9 + 1 + 0.9 * 1.9), abs=1e-6)
    assert after(Sgd(nesterov=False), 2) == pytest.approx(1 - RATE * GRADIENT * (1 + 1.9), abs=1e-6)


def test_rmsprop_divides_by_the_root_of_the_mean_square() -> None:
    first = GRADIENT / (0.1 * GRADIENT**2) ** 0.5
    assert after(RmsProp(), 1) == pytest.approx(1 - RATE * first, abs=1e-5)


@pytest.mark.parametrize("kind", [Adam(), AdamW()])
def test_adam_steps_by_its_rate_at_first(kind: Adam | AdamW) -> None:
    assert after(kind, 2) == pytest.approx(1 - 2 * RATE, abs=1e-5)


def test_weights_decay_and_biases_do_not() -> None:
    layer = nn.Linear(1, 1)
    nn.init.ones_(layer.weight)
    nn.init.ones_(layer.bias)
    optimizer = make_optimizer(AdamW(), layer.parameters(), rate=RATE, weight_decay=0.5)
    for parameter in layer.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    assert float(layer.weight.detach()) == pytest.approx(1 - RATE * 0.5)
    assert float(layer.bias.detach()) == 1.0
