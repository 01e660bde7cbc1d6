"""Paper D with a backbone whose last blocks learn: mean, rank-1 and generalised pooling, pose as a regularisation."""

from collections.abc import Callable

import torch
from torch import nn

from trainer.claims.tuned_blocks import OnBlocks, TunedBatch, TunedVariant
from trainer.claims.tuned_photos import TunedPhotos
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling
from trainer.losses import focal
from trainer.models.attentional_pooling import AttentionalPoolingNetwork, pose_regularisation
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.split_lite import UpperBlocks
from trainer.targets import gaussian_maps

_FIRST_RANK = 64  # of the paper's 4096: a backbone of 1280 channels and a tenth of its photos
_POSE_WIDTH = 32
_SIGMA = 0.5  # cells, of which a square has 7×7


def tuned_pooling_variants(network: EfficientNetLite, blocks: int, data: TunedPhotos) -> list[TunedVariant]:
    """Every pooling, the last one with poses too, for `trainer.claims.tuned_blocks.try_tuned`.

    Args:
        network: With published weights.
        blocks: How many of its blocks do not learn.
        data: Photos, of which it saw the maps.
    """

    def maker(pooling: Callable[[int, int], nn.Module], *, pose: bool = False) -> Callable[[], nn.Module]:
        def make() -> nn.Module:
            upper = UpperBlocks(network, blocks)
            pooled = pooling(upper.channels, data.classes)
            head = AttentionalPoolingNetwork(nn.Identity(), upper.channels, pooled, pose=pose, pose_width=_POSE_WIDTH)
            return OnBlocks(upper, head, lambda part, maps: part.from_features(maps))

        return make

    def without(model: nn.Module, batch: TunedBatch) -> torch.Tensor:
        return focal(model(batch.maps).pooled.scores, batch.actions, gamma=0.0).mean()

    def with_pose(weight: float) -> Callable[[nn.Module, TunedBatch], torch.Tensor]:
        def loss(model: nn.Module, batch: TunedBatch) -> torch.Tensor:
            output = model(batch.maps)
            height, width = output.pose.shape[2:]
            wanted = gaussian_maps(batch.joints, height=height, width=width, stride=batch.side / height, sigma=_SIGMA)
            known = (batch.joints != -1).any(-1).any(-1)
            actions = focal(output.pooled.scores, batch.actions, gamma=0.0)
            return (actions + pose_regularisation(output.pose, wanted, known, weight=weight)).mean()

        return loss

    def generalised(matrices: int) -> Callable[[int, int], nn.Module]:
        return lambda channels, classes: GeneralizedAttentionalPooling(
            channels, classes, matrices=matrices, first_rank=_FIRST_RANK
        )

    made = [
        ("mean", maker(MeanPooling), without),
        ("rank-1", maker(RankOneAttentionalPooling), without),
        ("generalised, T=1", maker(generalised(1)), without),
        ("generalised, T=3", maker(generalised(3)), without),
        ("generalised, T=3, pose 1e-6", maker(generalised(3), pose=True), with_pose(1e-6)),
        ("generalised, T=3, pose 1e-2", maker(generalised(3), pose=True), with_pose(1e-2)),
    ]
    return [TunedVariant(name, make, loss, lambda model, maps: model(maps).pooled.scores) for name, make, loss in made]
