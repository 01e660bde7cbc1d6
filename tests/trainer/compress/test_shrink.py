"""From a trained network to a narrower one that still tells the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from edgeact.errors import ConfigError
from tests.trainer.compress.small_networks import Chain
from trainer.compress.shrink import CompressSettings, Subject, shrink
from trainer.loop import Course

Batch = tuple[torch.Tensor, torch.Tensor]
SETTINGS = CompressSettings(
    share=0.5, sparse_epochs=2, penalty=2e-3, fine_tune_epochs=3, rate=5e-3, multiple=2, features=0.5, layer="blocks.0"
)


def coloured(seed: int, count: int = 24) -> Batch:
    """Pictures whose brightest colour is their label."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (count,), generator=generator)
    pictures = 0.5 * torch.rand(count, 3, 8, 8, generator=generator)
    pictures[torch.arange(count), labels] += 0.5
    return pictures, labels


def draw(steps: range) -> Iterator[Batch]:
    return (coloured(step) for step in steps)


def loss(network: nn.Module, batch: Batch) -> torch.Tensor:
    return nn.functional.cross_entropy(network(batch[0]), batch[1])


@torch.no_grad()
def score(network: nn.Module) -> dict[str, float]:
    pictures, labels = coloured(10_000, 60)
    return {"right": float((network.eval()(pictures).argmax(1) == labels).float().mean())}


@pytest.fixture(scope="module")
def subject() -> Subject[Batch]:
    torch.manual_seed(0)
    network = Chain(["convolution", "separable"]).train()
    optimizer = torch.optim.Adam(network.parameters(), 1e-2)
    for batch in draw(range(500, 560)):
        optimizer.zero_grad()
        loss(network, batch).backward()
        optimizer.step()
    return Subject(
        network.eval(),
        inputs=(coloured(0)[0][:2],),
        draw=draw,
        epoch=10,
        loss=loss,
        answers=lambda model, batch: torch.softmax(model(batch[0]), -1),
        score=score,
        course=Course("colours", 1, 1e-2, average_decay=None),
    )


def test_half_of_the_multiplications_tell_the_same_and_a_second_run_gives_the_same_weights(
    subject: Subject[Batch], tmp_path: Path
) -> None:
    before = {name: value.clone() for name, value in subject.network.state_dict().items()}
    found = shrink(subject, SETTINGS, tmp_path, torch.device("cpu"))
    assert found.scores["whole"]["right"] > 0.95
    assert found.scores["fine-tuned"]["right"] > 0.9
    assert list(found.scores) == ["whole", "sparse", "narrow", "fine-tuned"]
    assert found.multiplications[1] <= 0.5 * found.multiplications[0]
    assert found.parameters[1] < found.parameters[0]
    assert found.difference < 1e-5
    assert all(torch.equal(value, before[name]) for name, value in subject.network.state_dict().items())
    again = shrink(subject, SETTINGS, tmp_path, torch.device("cpu"))
    wanted = found.network.state_dict()
    assert all(torch.equal(value, wanted[name]) for name, value in again.network.state_dict().items())
    # Other settings have checkpoints of their own.
    wider = shrink(subject, SETTINGS.model_copy(update={"share": 0.8}), tmp_path, torch.device("cpu"))
    assert wider.multiplications[1] > found.multiplications[1]


def test_what_does_not_fit_is_said(subject: Subject[Batch], tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="features and layer belong together"):
        CompressSettings.model_validate({**SETTINGS.model_dump(), "layer": None})
    for layer, said in (("neck", "no layer 'neck'"), ("blocks.0.3", "no layer")):
        with pytest.raises(ConfigError, match=said):
            shrink(subject, SETTINGS.model_copy(update={"layer": layer}), tmp_path, torch.device("cpu"))
