"""Train paper E's network in two phases, in every process that torchrun starts; `tests.trainer.test_parallel` runs it.

Batch normalisation uses its running statistics, because batch statistics are not shared between processes.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

from trainer.clip_statistics import batch_norms
from trainer.inputs.batch import MISSING, Batch
from trainer.loop import Course
from trainer.optimizers import Sgd
from trainer.parallel import join_processes
from trainer.phases import PhaseSettings, fit_phases
from trainer.schedule import ConstantSchedule
from trainer.task import Task
from trainer.tasks.pose_action_pyramid import PoseActionPyramidSettings, pose_action_pyramid_task

SETTINGS = PoseActionPyramidSettings(
    system="pose_action_pyramid", pyramids=1, levels=2, growth=4, clip_channels=16, size=32, frames=2
)
PHASES = (
    PhaseSettings(learns="poses", epochs=1),
    PhaseSettings(learns="both", epochs=1, rate=0.2, decouple=True),
)


def task() -> Task:
    torch.manual_seed(0)
    whole = pose_action_pyramid_task(SETTINGS, 2, None)

    def loss(model: nn.Module, batch: Batch) -> torch.Tensor:
        for layer in batch_norms(whole.network):
            layer.eval()
        return whole.loss(model, batch)

    return Task(whole.network, loss, whole.answers)


def pictures(step: int) -> Batch:
    """Return four random pictures with every joint labelled."""
    random = torch.Generator().manual_seed(step)
    pixels = torch.randint(0, 256, (4, 32, 32, 3), generator=random, dtype=torch.uint8)
    joints = 4 + 24 * torch.rand(4, 16, 2, generator=random)
    return Batch(pixels, torch.full((4,), MISSING), torch.full((4, 4), torch.nan), joints)


def clips(step: int) -> Batch:
    """Return four random clips of two actions."""
    random = torch.Generator().manual_seed(1000 + step)
    pixels = torch.randint(0, 256, (4, 2, 32, 32, 3), generator=random, dtype=torch.uint8)
    nobody = torch.full((4, 4), torch.nan), torch.full((4, 16, 2), float(MISSING))
    return Batch(pixels, torch.tensor([0, 1, 1, 0]), *nobody)


def in_turns(step: int) -> Batch:
    return pictures(step) if step % 2 == 0 else clips(step)


def run(folder: Path) -> None:
    """Train three steps a phase, and write the network."""
    # Not Adam, which makes steps out of rounding errors where a weight changes nothing: a bias before a softmax.
    plain = {"optimizer": Sgd(), "schedule": ConstantSchedule(), "average_decay": None}
    course = Course("toy", 6, 0.05, save_every=3, check_every=3, **plain)
    trained = fit_phases(
        task(),
        PHASES,
        course,
        folder,
        device=torch.device("cpu"),
        draw={"poses": pictures, "actions": clips, "both": in_turns},
        check=lambda _: {"score": 0.5},
    )
    weights = {name: value.contiguous() for name, value in trained.state_dict().items()}
    save_file(weights, folder / f"network_{join_processes().rank}.safetensors")


if __name__ == "__main__":
    run(Path(sys.argv[1]))
