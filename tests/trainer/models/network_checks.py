"""What every network must pass: it learns everywhere, learns eight samples by heart, and its graph gives what it
gives.
"""

from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity


def check_gradients(model: nn.Module, inputs: torch.Tensor, labels: torch.Tensor) -> None:
    """Every parameter gets a gradient that is not 0 from the classification of a batch."""
    model.train()
    model.zero_grad()
    functional.cross_entropy(model(inputs), labels).backward()
    without = [
        name for name, parameter in model.named_parameters() if parameter.grad is None or not parameter.grad.any()
    ]
    assert not without, without


def check_learns(model: nn.Module, inputs: torch.Tensor, *, classes: int, steps: int = 40, rate: float = 3e-3) -> None:
    """Eight samples with labels that say nothing about them are learned by heart, in so many steps at most."""
    assert len(inputs) == 8
    labels = torch.arange(8) % classes
    optimizer = torch.optim.Adam(model.parameters(), rate)
    model.train()
    for _ in range(steps):
        scores = model(inputs)
        if (scores.argmax(1) == labels).all():
            return
        optimizer.zero_grad()
        functional.cross_entropy(scores, labels).backward()
        optimizer.step()
    assert (model(inputs).argmax(1) == labels).all()


def check_export(model: nn.Module, example: torch.Tensor, others: list[torch.Tensor], folder: Path) -> None:
    """ONNX Runtime gives the network's output to 1e-4, for any number of samples; the network gives one tensor."""
    module = round_weights(model.eval())
    export_onnx(module, example, folder / "network.onnx", input_name="input", output_names=["output"], free="N")
    (found,) = check_parity(module, folder / "network.onnx", others, output_names=["output"])
    assert found.largest < 1e-4, found
