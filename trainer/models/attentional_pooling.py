"""System D: a backbone whose last map is pooled by attention, with pose as a regularisation (paper D, figure 1)."""

from dataclasses import dataclass

import torch
from torch import nn

from trainer.layers.attentional_pooling import Pooled
from trainer.layers.residual import check_input

POSE_CHANNELS = 16  # the joints of MPII
POSE_WEIGHT = 1e-6  # of the pose's ℓ2 loss beside the cross-entropy (section IV, figure 2)


@dataclass(frozen=True, slots=True, eq=False)
class AttentionalPoolingOutput:
    """Attributes: the pooling's scores and attention maps, and the joints' heat maps ``(N, 16, h, w)`` or None."""

    pooled: Pooled
    pose: torch.Tensor | None


class AttentionalPoolingNetwork(nn.Module):
    """Images (N, 3, H, W), normalised as the backbone wants them → `AttentionalPoolingOutput`."""

    def __init__(
        self, backbone: nn.Module, channels: int, pooling: nn.Module, *, pose: bool = True, pose_width: int = 256
    ) -> None:
        """Put the parts together.

        Args:
            backbone: Images → its last feature map ``(N, channels, h, w)``.
            channels: f of that map.
            pooling: Of `trainer.layers.attentional_pooling`, for f channels.
            pose: Whether to regress heat maps too: "two additional convolutional layers and a 16-channel regression
                layer".
            pose_width: Channels of the two layers, which the paper does not say; 3×3, as is usual for heat maps.
        """
        super().__init__()
        self.backbone, self.pooling = backbone, pooling
        self.pose = (
            nn.Sequential(
                nn.Conv2d(channels, pose_width, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(pose_width, pose_width, 3, padding=1),
                nn.ReLU(),
                nn.Conv2d(pose_width, POSE_CHANNELS, 1),
            )
            if pose
            else None
        )

    def forward(self, images: torch.Tensor) -> AttentionalPoolingOutput:
        check_input(images, axes=2)
        return self.from_features(self.backbone(images))

    def from_features(self, features: torch.Tensor) -> AttentionalPoolingOutput:
        """What comes of the backbone's last map (N, channels, h, w), for those who keep a frozen backbone's maps."""
        return AttentionalPoolingOutput(self.pooling(features), None if self.pose is None else self.pose(features))


def pose_regularisation(
    maps: torch.Tensor, targets: torch.Tensor, has_pose: torch.Tensor, *, weight: float = POSE_WEIGHT
) -> torch.Tensor:
    """The ℓ2 loss of heat maps, weighted: ``(N,)`` to be added to the cross-entropy; 0 for samples without a pose.

    Args:
        maps: ``(N, 16, h, w)``.
        targets: ``(N, 16, h, w)``; those of samples without a pose may hold anything, NaN too.
        has_pose: ``(N,)`` bool.
        weight: Beside a cross-entropy of weight 1.
    """
    difference = maps - targets
    # Before squaring: behind it, a NaN of a target would come back as 0·NaN in the gradient of the whole batch.
    difference = torch.where(has_pose[:, None, None, None], difference, torch.zeros_like(difference))
    return weight * difference.square().sum((1, 2, 3))
