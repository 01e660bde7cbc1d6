"""Train the compact person detector.

Penalty-reduced focal loss on the centres (Zhou et al. 2019, eq. 1) and GIoU on the boxes of the cells around them.
Interrupted trainings go on from the last checkpoint.
"""

import time
from pathlib import Path

import numpy as np
import torch

from trainer.checkpoint import MovingAverage, load_checkpoint, save_checkpoint
from trainer.data.detector_scenes import SCENE_HEIGHT, SCENE_WIDTH, LabelledPicture, draw_scene, read_pictures
from trainer.half_precision import half_where_native
from trainer.log import log
from trainer.models.compact import load_imagenet, normalise
from trainer.models.edge_detector import STRIDE, EdgeDetector, cell_boxes
from trainer.recipe import DetectorRecipe
from trainer.schedule import learning_rate

SHARES = {
    "coco_mini": 0.2,
    "ut_interaction": 0.2,
    "surveillance_fights": 0.2,
    "stock_upright": 0.1,
    "lspet": 0.12,
    "backgrounds": 0.08,
    "studio": 0.2,
}


def targets(
    boxes: np.ndarray, ignore: np.ndarray, height: int, width: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Heat (h, w) 0..1, box of the nearest person's centre (h, w, 4) in pixels, and whether the cell counts (h, w) of
    one scene.
    """
    heat = np.zeros((height, width), np.float32)
    owner = np.zeros((height, width, 4), np.float32)
    counts = np.ones((height, width), np.float32)
    for x0, y0, x1, y1 in (ignore + 0.5) / STRIDE:
        counts[max(int(y0), 0) : int(np.ceil(y1)), max(int(x0), 0) : int(np.ceil(x1))] = 0
    columns, rows = np.arange(width), np.arange(height)
    # Larger boxes first: where two people overlap, the smaller one's cells are its own.
    for box in sorted(boxes, key=lambda b: -(b[2] - b[0]) * (b[3] - b[1])):
        centre = ((box[:2] + box[2:]) / 2 + 0.5) / STRIDE - 0.5
        # One standard deviation is a tenth of the box: a prediction that far off still overlaps by IoU 0.67.
        sigma = np.maximum((box[2:] - box[:2]) / STRIDE * 0.1, 0.6)
        blob = (
            np.exp(-((columns - centre[0]) ** 2) / (2 * sigma[0] ** 2))[None]
            * np.exp(-((rows - centre[1]) ** 2) / (2 * sigma[1] ** 2))[:, None]
        )
        nearest = np.clip(np.round(centre).astype(int), 0, (width - 1, height - 1))
        blob[nearest[1], nearest[0]] = 1.0
        mine = blob > np.maximum(heat, 0.3)
        owner[mine] = box
        heat = np.maximum(heat, blob)
        counts[mine] = 1
    return heat, owner, counts


def giou(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """Generalised IoU of boxes (M, 4) pairwise by row: 1 for equal boxes, toward −1 for distant ones (Rezatofighi et
    al., CVPR 2019).
    """
    low, high = torch.maximum(first[:, :2], second[:, :2]), torch.minimum(first[:, 2:], second[:, 2:])
    inner = (high - low).clamp_min(0).prod(1)
    union = (first[:, 2:] - first[:, :2]).prod(1) + (second[:, 2:] - second[:, :2]).prod(1) - inner
    hull = (torch.maximum(first[:, 2:], second[:, 2:]) - torch.minimum(first[:, :2], second[:, :2])).prod(1)
    return inner / union.clamp_min(1e-6) - (hull - union) / hull.clamp_min(1e-6)


def detector_loss(
    centre: torch.Tensor, distance: torch.Tensor, heat: torch.Tensor, owner: torch.Tensor, counts: torch.Tensor
) -> torch.Tensor:
    """Focal loss of the centres plus twice the GIoU loss, both per person.

    Args:
        centre: Logits ``(N, 1, h, w)``.
        distance: ``(N, 4, h, w)`` pixels.
        heat: ``(N, h, w)`` target 0..1.
        owner: ``(N, h, w, 4)`` target boxes where ``heat`` > 0.3.
        counts: ``(N, h, w)``, 0 where nobody is sure.
    """
    probability = torch.sigmoid(centre[:, 0]).clamp(1e-4, 1 - 1e-4)
    person = (heat >= 1.0).float()
    positive = person * (1 - probability) ** 2 * torch.log(probability)
    negative = (1 - person) * (1 - heat) ** 4 * probability**2 * torch.log(1 - probability)
    number = person.sum().clamp_min(1.0)
    focal = -((positive + negative) * counts).sum() / number
    near = (heat > 0.3) & (owner[..., 2] > owner[..., 0])
    weight = heat[near]
    boxes = cell_boxes(distance).reshape(*heat.shape, 4)[near]
    overlap = ((1 - giou(boxes, owner[near])) * weight).sum() / weight.sum().clamp_min(1.0)
    return focal + 2.0 * overlap


def to_input(images: np.ndarray) -> torch.Tensor:
    """Images (N, H, W, 3) uint8 RGB → the network's input (N, 3, H, W) float32, channels last in memory."""
    return normalise(torch.from_numpy(images)).contiguous(memory_format=torch.channels_last)


def draw_batch(
    groups: dict[str, list[LabelledPicture]], rng: np.random.Generator, batch: int
) -> tuple[torch.Tensor, ...]:
    """A batch of scenes with their targets: input (N, 3, H, W), heat, owner, counts."""
    scenes = [draw_scene(groups, SHARES, rng) for _ in range(batch)]
    made = [targets(boxes, ignore, SCENE_HEIGHT // STRIDE, SCENE_WIDTH // STRIDE) for _, boxes, ignore in scenes]
    images = to_input(np.stack([image for image, _, _ in scenes]))
    return (images, *(torch.from_numpy(np.stack(values)) for values in zip(*made, strict=True)))


def fit(
    pictures: Path, imagenet: Path, checkpoint: Path, recipe: DetectorRecipe, *, save_every: int = 250
) -> EdgeDetector:
    """Train, or go on from the checkpoint, and return the moving average of the network.

    Args:
        pictures: Folder of `trainer.data.detector_images`.
        imagenet: Weights that the backbone starts from.
        checkpoint: File that the training is kept in.
        recipe: How long and how fast.
        save_every: Steps between two checkpoints.

    Raises:
        FloatingPointError: The training diverged.
    """
    steps, batch, rate = recipe.steps, recipe.batch, recipe.rate
    checkpoint.parent.mkdir(parents=True, exist_ok=True)
    groups: dict[str, list[LabelledPicture]] = {}
    for picture in read_pictures(pictures, "train"):
        groups.setdefault(picture.source, []).append(picture)
    torch.manual_seed(0)
    model = EdgeDetector().to(memory_format=torch.channels_last)
    if not checkpoint.exists():
        load_imagenet(model.backbone, imagenet, draw_batch(groups, np.random.default_rng(0), 32)[0])
    model.backbone.freeze(3)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=0.02)
    average = MovingAverage(model)
    start = load_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer) if checkpoint.exists() else 0
    since, total = time.monotonic(), 0.0
    for step in range(start, steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, (steps,), (rate,))
        images, heat, owner, counts = draw_batch(groups, np.random.default_rng((2, step)), batch)
        model.train()
        with half_where_native():
            centre, distance = model(images)
        loss = detector_loss(centre.float(), distance.float(), heat, owner, counts)
        if not torch.isfinite(loss):
            raise FloatingPointError(f"loss is {loss.item()} at step {step}; lower the recipe's detector.rate")
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 10.0)
        optimizer.step()
        average.update(model)
        total += loss.item()
        if (step + 1) % save_every == 0 or step + 1 == steps:
            save_checkpoint(checkpoint, model=model, average=average, optimizer=optimizer, step=step + 1)
            seconds = time.monotonic() - since
            milliseconds = round(seconds / save_every / batch * 1e3, 1)
            log(
                **{
                    "detector step": step + 1,
                    "of": steps,
                    "loss": round(total / save_every, 4),
                    "ms_per_image": milliseconds,
                }
            )
            since, total = time.monotonic(), 0.0
    return average.model
