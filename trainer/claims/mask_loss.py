"""Paper B: the mask loss raises mAP, most where an object misleads; here with a backbone whose last blocks learn."""

import torch
from torch import nn

from trainer.claims.tuned_blocks import OnBlocks, TunedBatch, TunedVariant
from trainer.claims.tuned_photos import TunedPhotos
from trainer.losses import focal, mask_guided
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.split_lite import UpperBlocks
from trainer.targets import box_masks

# Of the paper's 1024, and of its 512, 64, 32 and 1: a 3×3 convolution of 1280 channels takes most of the time.
CLASS_CHANNELS, HUMAN_CHANNELS = 64, (16, 1)


def mask_loss_variants(network: EfficientNetLite, blocks: int, data: TunedPhotos) -> list[TunedVariant]:
    """Network B with and without the mask loss, for `trainer.claims.tuned_blocks.try_tuned`.

    Args:
        network: With published weights.
        blocks: How many of its blocks do not learn.
        data: Photos, of which it saw the maps.
    """

    def make() -> nn.Module:
        upper = UpperBlocks(network, blocks)
        guided = LossGuidedNetwork(
            nn.Identity(),
            upper.channels,
            data.classes,
            class_channels=CLASS_CHANNELS,
            human_channels=HUMAN_CHANNELS,
        )
        return OnBlocks(upper, guided, lambda head, maps: head.from_features(maps))

    def without(model: nn.Module, batch: TunedBatch) -> torch.Tensor:
        return focal(model(batch.maps).scores, batch.actions, gamma=0.0).mean()

    def with_mask(model: nn.Module, batch: TunedBatch) -> torch.Tensor:
        output = model(batch.maps)
        height, width = output.human.shape[2:]
        masks = box_masks(batch.boxes, height=height, width=width, stride=batch.side / height)
        return mask_guided(output.scores, batch.actions, output.human, masks).mean()

    return [
        TunedVariant("class loss alone", make, without, lambda model, maps: model(maps).scores),
        TunedVariant("with the mask loss", make, with_mask, lambda model, maps: model(maps).scores),
    ]
