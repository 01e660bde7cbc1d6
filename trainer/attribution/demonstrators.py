"""Small networks of systems A to D, trained in a minute or two each, so that `gallery` has decisions to explain.

They show what the maps look like; they are no measure of the papers' networks, and nothing of them ships. Photos train
on ``stanford40`` (40 everyday actions), poses on ``lspet``; the compact backbone keeps its ImageNet weights. Clips have
a file of their own, `clip_demonstrator`.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from rich.progress import track
from torch import nn
from torch.nn import functional

from edgeact.geometry import letterbox, letterbox_matrix, transform_box, transform_points
from edgeact.skeleton import MPII_16
from trainer.attribution.short_training import train_shortly
from trainer.data.lspet import lspet_people
from trainer.data.read_picture import read_rgb
from trainer.data.sets.lsp import LSP_JOINTS
from trainer.data.sets.stanford40 import read_packed_stanford40
from trainer.data.wild_split import WildSplit, wild_split
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling
from trainer.layers.residual import BasicBlock
from trainer.losses import focal, human_mask, is_annotated, multitask_aware, weighted_squared_error
from trainer.models.attentional_pooling import AttentionalPoolingNetwork
from trainer.models.body_part_aware import BodyPartAwareNetwork
from trainer.models.compact import LEVEL_CHANNELS, CompactBackbone, normalise
from trainer.models.compact_classifier import load_folded_classifier
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.resnet import ResNet
from trainer.optimizers import Adam
from trainer.targets import box_masks, gaussian_maps

SIDE = 224  # of a photo; 14² cells of stride 16
_SMALL_SIDE = 128  # of system A, whose streams are trained from nothing
_BATCH = 32


@dataclass(frozen=True, slots=True, eq=False)
class Stills:
    """Photos (N, SIDE, SIDE, 3) uint8 RGB, labels (N,) int64 and the acting person's box (N, 4) x_min, y_min, x_max,
    y_max in pixels.
    """

    photos: np.ndarray
    labels: torch.Tensor
    boxes: torch.Tensor


@dataclass(frozen=True, slots=True, eq=False)
class Demonstrators:
    """The trained networks, the names of their actions, and the share of unseen photos that each gets right."""

    actions: tuple[str, ...]
    guided: LossGuidedNetwork
    unguided: LossGuidedNetwork
    pooled: AttentionalPoolingNetwork
    body_part_aware: BodyPartAwareNetwork
    accuracy: dict[str, float]


def normalised(photos: np.ndarray) -> torch.Tensor:
    """(N, H, W, 3) uint8 RGB → (N, 3, H, W) float32 in [−1, 1]."""
    return normalise(torch.from_numpy(photos))


def read_stills(folder: Path, split: WildSplit, actions: tuple[str, ...], *, every: int = 1) -> Stills:
    """Every so-manieth photo of a split (`wild_split`) of the training photos of ``stanford40``.

    Args:
        folder: The packed set, with ``labels.csv`` and ``images``.
        split: ``train`` or ``validation``.
        actions: Their order is that of the labels.
        every: 1 takes all.

    Raises:
        SourceNotFoundError: The data set is not there, or not complete.
    """
    found = read_packed_stanford40(folder)
    samples = [
        sample
        for sample in found.part("train")
        if wild_split("stanford40", sample.picture.name, official="train") == split
    ][::every]
    photos, boxes = [], []
    for sample in track(samples, description=f"photos ({split})"):
        image = read_rgb(sample.picture)
        matrix = letterbox_matrix(image.shape[1], image.shape[0], width=SIDE, height=SIDE)
        boxes.append(transform_box(sample.boxes[0, 0], matrix))
        photos.append(letterbox(image, width=SIDE, height=SIDE))
    labels = torch.tensor([actions.index(found.actions[sample.actions[0]]) for sample in samples])
    return Stills(np.stack(photos), labels, torch.from_numpy(np.stack(boxes)))


class _Stride16(nn.Module):
    """The compact backbone's level of stride 16."""

    def __init__(self, backbone: CompactBackbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.backbone(x)[2]


@torch.no_grad()
def _features(backbone: nn.Module, photos: np.ndarray) -> torch.Tensor:
    parts = [
        backbone(normalised(photos[start : start + _BATCH]))
        for start in track(range(0, len(photos), _BATCH), description="features")
    ]
    return torch.cat(parts)


def _frozen_backbone(imagenet: Path) -> CompactBackbone:
    return load_folded_classifier(imagenet).backbone.requires_grad_(False).eval()


def _fit_guided(
    backbone: nn.Module, features: torch.Tensor, stills: Stills, actions: int, *, guided: bool, steps: int
) -> LossGuidedNetwork:
    """Paper B's branches on the features of a frozen backbone, with the mask loss or without."""
    torch.manual_seed(0)
    network = LossGuidedNetwork(backbone, LEVEL_CHANNELS[2], actions, class_channels=256, human_channels=(64, 32, 1))
    cells = features.shape[2]
    masks = box_masks(stills.boxes, height=cells, width=cells, stride=SIDE / cells)
    order = torch.Generator().manual_seed(0)

    def loss(model: LossGuidedNetwork, rows: torch.Tensor) -> torch.Tensor:
        output = model.from_features(features[rows])
        value = functional.cross_entropy(output.scores, stills.labels[rows])
        return value + 0.1 * human_mask(output.human, masks[rows]).mean() if guided else value

    return train_shortly(
        network,
        f"B {'with' if guided else 'without'} mask",
        steps=steps,
        rate=1e-3,
        draw=lambda: torch.randint(len(features), (_BATCH,), generator=order),
        loss=loss,
    )


def _fit_pooled(
    backbone: nn.Module, features: torch.Tensor, stills: Stills, actions: int, *, steps: int
) -> AttentionalPoolingNetwork:
    """Paper D's pooling on the features of a frozen backbone; ``stanford40`` has no poses to regularise with."""
    torch.manual_seed(0)
    pooling = GeneralizedAttentionalPooling(LEVEL_CHANNELS[2], actions, matrices=3, first_rank=512)
    nn.init.normal_(pooling.top_down.weight, std=0.01)  # scores are sums over all cells: small ones to begin with
    network = AttentionalPoolingNetwork(backbone, LEVEL_CHANNELS[2], pooling, pose=False)
    order = torch.Generator().manual_seed(1)
    return train_shortly(
        network,
        "D",
        steps=steps,
        rate=5e-4,
        draw=lambda: torch.randint(len(features), (_BATCH,), generator=order),
        loss=lambda model, rows: functional.cross_entropy(
            model.from_features(features[rows]).pooled.scores, stills.labels[rows]
        ),
    )


class _Levels(nn.Module):
    """The compact backbone's four levels as F1 to F4."""

    def __init__(self, backbone: CompactBackbone) -> None:
        super().__init__()
        self.backbone = backbone

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.backbone(x)


def _pose_photos(folder: Path, count: int) -> tuple[np.ndarray, torch.Tensor]:
    """Photos (N, 2·small side, ..., 3) of ``lspet`` and MPII's joints (N, 16, 2) in pixels of the small side, −1 where
    there is none.
    """
    photos, every = [], []
    rows = [MPII_16.index(name) for name in LSP_JOINTS]
    large = 2 * _SMALL_SIDE
    for person in track(lspet_people(folder)[:count], description="poses"):
        image = read_rgb(person.picture)
        matrix = letterbox_matrix(image.shape[1], image.shape[0], width=large, height=large)
        joints = np.full((16, 2), -1.0, np.float32)
        places = (transform_points(person.joints[0, 0], matrix) + 0.5) / 2 - 0.5
        joints[rows] = np.where(np.isfinite(places), places, -1.0)
        photos.append(letterbox(image, width=large, height=large))
        every.append(joints)
    return np.stack(photos), torch.from_numpy(np.stack(every))


def _fit_body_part_aware(
    backbone: CompactBackbone, data: Path, stills: Stills, actions: int, *, steps: int
) -> BodyPartAwareNetwork:
    """Paper A's streams, half of each batch with poses and half with actions (eq. 3)."""
    torch.manual_seed(0)
    widths = (16, 32, 64, 128)
    residuals = [ResNet(BasicBlock, (1, 1, 1, 1), classes=0, widths=widths) for _ in range(2)]
    network = BodyPartAwareNetwork(_Levels(backbone), LEVEL_CHANNELS, *residuals, widths, joints=16, classes=actions)
    photos, joints = _pose_photos(data / "lspet", 1500)
    order = np.random.default_rng(0)
    half, cells = 8, _SMALL_SIDE // 4

    def draw() -> tuple[np.ndarray, np.ndarray]:
        return order.integers(0, len(photos), half), order.integers(0, len(stills.photos), half)

    def loss(model: BodyPartAwareNetwork, rows: tuple[np.ndarray, np.ndarray]) -> torch.Tensor:
        model.backbone.eval()  # it is frozen, and so are its batch statistics
        posed, acted = rows
        shown = functional.interpolate(
            normalised(stills.photos[acted]), size=2 * _SMALL_SIDE, mode="bilinear", align_corners=False
        )
        large = torch.cat([normalised(photos[posed]), shown])
        output = model(functional.avg_pool2d(large, 2), large)
        wanted = torch.cat([joints[posed], torch.full((half, 16, 2), -1.0)])
        labels = torch.cat([torch.full((half,), -1), stills.labels[acted]])
        targets = gaussian_maps(wanted, height=cells, width=cells, stride=4)
        pose = weighted_squared_error(output.heat_maps, targets, (wanted != -1).any(-1).float())
        losses = [focal(scores, labels) for scores in output.scores]
        # The paper's balance is for a trained backbone at 1e-5; these streams begin with nothing.
        return multitask_aware(1000 * pose, is_annotated(wanted), losses, labels != -1, balance=0.25)

    return train_shortly(network, "A", steps=steps, rate=1e-3, draw=draw, loss=loss, optimizer=Adam(), weight_decay=0.0)


@torch.no_grad()
def _body_part_scores(network: BodyPartAwareNetwork, photos: np.ndarray) -> torch.Tensor:
    large = functional.interpolate(normalised(photos), size=2 * _SMALL_SIDE, mode="bilinear", align_corners=False)
    return torch.cat([network(functional.avg_pool2d(part, 2), part).joined for part in large.split(_BATCH)])


def fit_demonstrators(data: Path, imagenet: Path, *, every: int = 1, steps: int = 400) -> Demonstrators:
    """Train all of them; about five minutes on one core.

    Args:
        data: Folder of the data sets.
        imagenet: Weights of the compact backbone.
        every: Take every so-manieth photo.
        steps: Of each training.

    Raises:
        SourceNotFoundError: ``stanford40`` or ``lspet`` is not there.
    """
    folder = data / "stanford40"
    actions = read_packed_stanford40(folder).actions
    training = read_stills(folder, "train", actions, every=every)
    unseen = read_stills(folder, "validation", actions, every=every)
    backbone = _frozen_backbone(imagenet)
    stride16 = _Stride16(backbone)
    seen, held_out = _features(stride16, training.photos), _features(stride16, unseen.photos)
    guided, unguided = (
        _fit_guided(stride16, seen, training, len(actions), guided=mask, steps=steps) for mask in (True, False)
    )
    pooled = _fit_pooled(stride16, seen, training, len(actions), steps=steps)
    parts = _fit_body_part_aware(backbone, data, training, len(actions), steps=steps)
    with torch.no_grad():
        scores = {
            "B with mask": guided.from_features(held_out).scores,
            "B without mask": unguided.from_features(held_out).scores,
            "D": pooled.from_features(held_out).pooled.scores,
            "A": _body_part_scores(parts, unseen.photos),
        }
    accuracy = {name: float((value.argmax(1) == unseen.labels).float().mean()) for name, value in scores.items()}
    return Demonstrators(actions, guided, unguided, pooled, parts, accuracy)
