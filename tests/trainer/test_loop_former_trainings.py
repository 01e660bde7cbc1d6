"""The trainings of the default bundle on the one loop do what the loops of their own did before: equal losses step by
step, and equal weights at the end.

The loops of before are written out here as they stood in `fit_pose.py` and `fit_action.py` before commit 846f715,
without checkpoints and log. Data, network, loss and random numbers are today's on both sides. The lifter came after
that commit and never had a loop of its own: it is held to the pose network's, and so is the detector, whose own loop
trained another network, which is gone. Numbers that recipes hold since stand here as they stood in the code.
"""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.trainer.data.lifting.walkers import exact_bank, walker
from tests.trainer.published_tinypose import random_weights, write_weights
from tests.trainer.test_fit_action import moving
from tests.trainer.test_fit_detector import MIX as DETECTOR_MIX
from tests.trainer.test_fit_detector import lively_network, write_pictures
from tests.trainer.test_fit_pose import MIX, SIZE, write_patches
from trainer import fit_action, fit_detector, fit_lifter, fit_pose, loop
from trainer.action_recipe import ActionRecipe
from trainer.compress.distill import imitate_maps
from trainer.data.action_sequences import LABELS
from trainer.data.detector_batches import PictureDrawer
from trainer.data.detector_pictures import read_pictures
from trainer.data.lifting.motions import join_clips
from trainer.data.lifting.views import MILD as MILD_VIEWS
from trainer.data.lifting.views import USUAL as USUAL_VIEWS
from trainer.data.lifting.views import LiftingViews
from trainer.data.pose_augment import MILD
from trainer.data.pose_augment import USUAL as USUAL_CROPS
from trainer.data.pose_sets import draw_sizes, training_sets
from trainer.detector_losses import imitation_loss, turn_cells
from trainer.detector_recipe import DetectorTraining
from trainer.device import training_device
from trainer.half_precision import half_where_native
from trainer.layers.relative_steps import train_absolute, train_relative
from trainer.lifter_recipe import LifterRecipe
from trainer.models.edge_action import EdgeAction
from trainer.models.edge_pose import EdgePose
from trainer.models.lifter import Lifter
from trainer.pose_losses import agrees_with_labels, pose_loss
from trainer.pose_recipe import PoseRecipe
from trainer.schedule import learning_rate

STEPS = 3
Trained = tuple[list[float], dict[str, torch.Tensor]]  # the loss of each step, and the averaged weights


def former_rate(step: int, steps: int, peak: float) -> float:
    """`trainer/schedule.py` of before, with one cycle, which is what the recipe had."""
    if step < 200:
        return peak * (step + 1) / 200
    return peak * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - 200) / max(steps - 200, 1))))


class FormerAverage:
    """`trainer/checkpoint.py` of before."""

    def __init__(self, model: nn.Module, *, decay: float = 0.999) -> None:
        self.model, self.decay, self.steps = deepcopy(model).eval().requires_grad_(False), decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for average, value in zip(self.model.state_dict().values(), model.state_dict().values(), strict=True):
            if average.is_floating_point():
                average.lerp_(value.detach(), 1 - decay)
            else:
                average.copy_(value)


def former_pose_loop(
    model: nn.Module,
    batches: Iterable,
    loss: Callable[[nn.Module, Any], torch.Tensor],
    *,
    steps: int,
    peak: float,
    decay: float = 0.02,
    largest_norm: float = 5.0,
) -> Trained:
    """`_train` of `trainer/fit_pose.py`, which the pose network and its teacher shared."""
    model = model.to(training_device(), memory_format=torch.channels_last)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    decayed = [parameter for parameter in trained if parameter.ndim > 1]
    others = [parameter for parameter in trained if parameter.ndim <= 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}], lr=peak
    )
    average, losses = FormerAverage(model), []
    for step, batch in zip(range(steps), batches, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = former_rate(step, steps, peak)
        model.train()
        value = loss(model, batch)
        optimizer.zero_grad()
        value.backward()
        torch.nn.utils.clip_grad_norm_(trained, largest_norm)
        optimizer.step()
        average.update(model)
        losses.append(value.item())
    return losses, average.model.cpu().state_dict()


def former_action_loop(groups: dict, bank: np.ndarray, recipe: ActionRecipe) -> Trained:
    """`fit` of `trainer/fit_action.py`.

    Two things were changed on purpose when it moved. Biases and scales are not decayed any more; before, all parameters
    were one group. The average's decay grows to .999; before, it stopped at .998, which it reaches after 4,500 steps.
    """
    torch.manual_seed(0)
    model = EdgeAction(len(LABELS))
    groups_of_parameters = [
        {"params": [parameter for parameter in model.parameters() if parameter.ndim > 1], "weight_decay": 0.05},
        {"params": [parameter for parameter in model.parameters() if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups_of_parameters, lr=recipe.rate)
    average, losses = FormerAverage(model, decay=0.998), []
    for step in range(recipe.steps):
        for group in optimizer.param_groups:
            group["lr"] = former_rate(step, recipe.steps, recipe.rate)
        clips, allowed = fit_action.draw_batch(groups, np.random.default_rng((3, step)), recipe.batch, bank, recipe.mix)
        model.train()
        logits = model(clips)
        loss = fit_action.action_loss(logits, allowed)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        average.update(model)
        losses.append(loss.item())
    return losses, average.model.state_dict()


@pytest.fixture(autouse=True)
def _single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both loops compute in float32 on every processor: in bfloat16 another order in memory rounds otherwise."""
    monkeypatch.setattr(torch.cpu, "get_capabilities", dict)


def note_losses(monkeypatch: pytest.MonkeyPatch, module: ModuleType) -> tuple[list[float], list[nn.Module]]:
    """Of what a `fit` gives to `trainer.loop.train`, the loss of each step and the network as it begins are noted."""
    losses: list[float] = []
    starts: list[nn.Module] = []

    def train(model: nn.Module, *arguments: object, loss: Callable[..., torch.Tensor], **named: object) -> nn.Module:
        starts.append(deepcopy(model))

        def noted(network: nn.Module, batch: object) -> torch.Tensor:
            value = loss(network, batch)
            losses.append(value.item())
            return value

        return loop.train(model, *arguments, loss=noted, **named)

    monkeypatch.setattr(module, "train", train)
    return losses, starts


def require_equal(losses: list[float], weights: dict[str, torch.Tensor], former: Trained) -> None:
    assert len(losses) == STEPS
    assert losses == pytest.approx(former[0], rel=1e-6, abs=1e-6)
    assert weights.keys() == former[1].keys()
    for name, value in weights.items():
        assert torch.allclose(value.float(), former[1][name].float(), rtol=0, atol=1e-6), name


@pytest.mark.parametrize("slim", [False, True])
def test_the_pose_network_trains_as_before(slim: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The published one of `accurate`, and the slim one of `compact`, which imitates a wider one that sees more."""
    patches = write_patches(tmp_path / "patches")
    tinypose = write_weights(tmp_path / "tinypose.onnx", random_weights())
    recipe = PoseRecipe(
        height=SIZE.height, width=SIZE.width, start="tinypose", steps=STEPS, rate=1e-2, mild_from=2, batch=2,
        start_share=0.0, teacher_scale=1.0, mix=MIX,
    )  # fmt: skip
    torch.manual_seed(0)
    wider = EdgePose(SIZE).eval() if slim else None
    losses, starts = note_losses(monkeypatch, fit_pose)
    monkeypatch.setattr(fit_pose, "WORTH_BATCHES", 1)
    found = fit_pose.fit(patches, tinypose, tmp_path / "net" / "checkpoint.safetensors", recipe, wider)
    device, sets = training_device(), training_sets(patches, MIX)
    sizes = [recipe.size, recipe.teacher_size] if slim else [recipe.size]

    def drawn() -> Iterable:
        for step in range(STEPS):
            strength = MILD if step >= recipe.mild_from else USUAL_CROPS
            yield draw_sizes(sets, np.random.default_rng((1, step)), recipe.batch, sizes, MIX, strength)

    def loss(model: nn.Module, batch: tuple[list[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        crops, joints = batch
        images = fit_pose.to_input(crops[0].to(device))
        with half_where_native(device):
            logits = model(images).float()
        if wider is None:
            return pose_loss(logits, joints.to(device))
        with torch.no_grad(), half_where_native(device):
            shown = wider(fit_pose.to_input(crops[1].to(device))).float()
        agreed = agrees_with_labels(shown, joints.to(device), height=recipe.height)
        return pose_loss(logits, joints.to(device)) + imitate_maps(logits, shown, imitated=agreed)

    former = former_pose_loop(starts[0], drawn(), loss, steps=STEPS, peak=recipe.rate)
    require_equal(losses, found.state_dict(), former)


def test_the_action_network_trains_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropout included: both draw the same random numbers."""
    sequences = [moving(axis, seed) for axis in (0, 1) for seed in range(4)]
    recipe = ActionRecipe(tracks_of="compact", steps=STEPS, batch=8, rate=1e-2, mix={"penn_action": 1.0})
    losses, _ = note_losses(monkeypatch, fit_action)
    found = fit_action.fit(sequences, exact_bank(), tmp_path / "net" / "checkpoint.safetensors", recipe)
    groups = fit_action.training_groups(sequences, recipe.mix)
    require_equal(losses, found.state_dict(), former_action_loop(groups, exact_bank(), recipe))


def test_the_lifter_trains_as_the_pose_network_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = [walker(), walker(pace=1.7)]
    recipe = LifterRecipe(steps=STEPS, batch=16, rate=1e-2, mild_from=2, teacher_poses=False, mix={"studio": 1.0})
    losses, _ = note_losses(monkeypatch, fit_lifter)
    found = fit_lifter.fit(clips, exact_bank(), tmp_path / "net" / "checkpoint.safetensors", recipe)
    views = LiftingViews(join_clips(clips, {"studio": 1.0}), exact_bank())
    batches = (
        views.draw(recipe.batch, 7_000_000 + step, MILD_VIEWS if step >= recipe.mild_from else USUAL_VIEWS)
        for step in range(STEPS)
    )
    torch.manual_seed(0)
    former = former_pose_loop(
        Lifter(),
        batches,
        lambda network, batch: fit_lifter.lifting_loss(network(batch.poses), batch),
        steps=STEPS,
        peak=recipe.rate,
    )
    require_equal(losses, found.state_dict(), former)


def test_the_detector_trains_as_before_its_numbers_were_in_a_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = write_pictures(tmp_path)
    recipe = DetectorTraining(steps=STEPS, rate=1e-3, batch=4, mix=DETECTOR_MIX)
    start = lively_network()
    losses, _ = note_losses(monkeypatch, fit_detector)
    found = fit_detector.fit(pictures, start, tmp_path / "net" / "checkpoint.safetensors", recipe)
    device, drawer = training_device(), PictureDrawer(read_pictures(pictures, "train"), DETECTOR_MIX)
    model, teacher = deepcopy(start), deepcopy(start).to(device).eval()
    train_relative(model)

    def drawn() -> Iterable:
        for step in range(STEPS):
            rng = np.random.default_rng((3, step))
            yield drawer.draw(rng, 4)[0], int(rng.choice(4, p=(0.0, 0.45, 0.1, 0.45)))

    def loss(model: nn.Module, batch: tuple[torch.Tensor, int]) -> torch.Tensor:
        images, turned = batch[0].to(device), batch[1]
        height, width = images.shape[2:]
        total = images.new_zeros(())
        with half_where_native(device):
            with torch.no_grad():
                shown = teacher(images.contiguous(memory_format=torch.channels_last))
            for part, quarters, weight in ((slice(2), 0, 4.0), (slice(2, None), turned, 4.0 if turned == 0 else 1.0)):
                wanted = turn_cells(tuple(s[part] for s in shown), height=height, width=width, quarters=quarters)
                seen = torch.rot90(images[part], quarters, (2, 3)).contiguous(memory_format=torch.channels_last)
                total = total + weight * imitation_loss(model(seen), wanted)
        return total

    former = former_pose_loop(model, drawn(), loss, steps=STEPS, peak=recipe.rate, decay=0.0, largest_norm=math.inf)
    model.cpu().load_state_dict(former[1])
    train_absolute(model)
    require_equal(losses, found.state_dict(), (former[0], model.state_dict()))


@pytest.mark.parametrize("network", ["action", "lifter", "pose", "detector"])
def test_another_seed_draws_other_batches(network: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = {"action": fit_action, "lifter": fit_lifter, "pose": fit_pose, "detector": fit_detector}[network]
    drawn: list[float] = []

    def train(model: nn.Module, *_: object, draw: Callable[[range], Iterable], **__: object) -> nn.Module:
        batch = next(iter(draw(range(1))))
        images = {
            "action": lambda: batch[0], "lifter": lambda: batch.poses, "pose": lambda: batch[0][0],
            "detector": lambda: batch.images,
        }[network]()  # fmt: skip
        drawn.append(float(images.double().sum()))
        return model

    monkeypatch.setattr(module, "train", train)
    place = tmp_path / "checkpoint.safetensors"
    for seed in (0, 0, 1):
        fitted = {"steps": STEPS, "rate": 1e-3, "seed": seed}
        match network:
            case "action":
                action = ActionRecipe(tracks_of="compact", batch=8, mix={"penn_action": 1.0}, **fitted)
                fit_action.fit([moving(0, seed) for seed in range(4)], exact_bank(), place, action)
            case "lifter":
                lifter = LifterRecipe(batch=8, mild_from=2, teacher_poses=False, mix={"studio": 1.0}, **fitted)
                fit_lifter.fit([walker()], exact_bank(), place, lifter)
            case "pose":
                tinypose = write_weights(tmp_path / "tinypose.onnx", random_weights())
                pose = PoseRecipe(
                    height=SIZE.height, width=SIZE.width, start="tinypose", mild_from=2, batch=2, start_share=0.0,
                    mix=MIX, **fitted,
                )  # fmt: skip
                fit_pose.fit(write_patches(tmp_path / f"patches_{len(drawn)}"), tinypose, place, pose)
            case "detector":
                folder = tmp_path / f"pictures_{len(drawn)}"
                folder.mkdir()
                detector = DetectorTraining(batch=4, mix=DETECTOR_MIX, **fitted)
                fit_detector.fit(write_pictures(folder), lively_network(), place, detector)
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.parametrize(("steps", "peak"), [(8000, 2e-3), (3200, 1e-3), (150, 1e-3)])
def test_the_rate_is_that_of_before_at_every_step(steps: int, peak: float) -> None:
    found = [learning_rate(step, steps, peak) for step in range(steps)]
    assert found == pytest.approx([former_rate(step, steps, peak) for step in range(steps)], rel=1e-12)
