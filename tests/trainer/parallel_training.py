"""A toy training that torchrun starts on several processes, for `tests.trainer.test_parallel`: no batch statistics."""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from trainer.loop import Course, train
from trainer.parallel import join_processes


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(16, 1))


def draw(steps: range) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    for step in steps:
        batch = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(step))
        yield batch, batch.mean((1, 2, 3))


def loss(model: nn.Module, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    return (model(batch[0])[:, 0] - batch[1]).square().mean()


def run(folder: Path, steps: int) -> None:
    """Train, and write the network."""
    scores = iter([0.5, 0.4, 0.3, 0.9])
    course = Course("toy", steps, 0.01, save_every=2, check_every=2, best_by="score", patience=2)
    checkpoint = folder / "checkpoint.safetensors"
    device = torch.device("cpu")
    trained = train(
        network(), checkpoint, course, device=device, draw=draw, loss=loss, check=lambda _: {"score": next(scores)}
    )
    weights = {name: value.contiguous() for name, value in trained.state_dict().items()}
    save_file(weights, folder / f"network_{join_processes().rank}.safetensors")


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
