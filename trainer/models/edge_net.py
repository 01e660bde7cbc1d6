"""System F: one compact network of the parts of all systems, for a person's crops and clips of them.

Of E: soft-argmax with depth and confidence, appearance features at the joints, clip actions from what was computed once
a frame. Of B: a human mask. Of D: attentional pooling, for what a single picture shows. Of A: squares around head and
hands. On the detector's compact backbone; it is to replace what ships now (`edge_pose`, `edge_action`) once it is
trained.

Shapes: N crops or clips, T frames, J joints of `BODY_21`, A actions, h×w cells of stride 4.
"""

from dataclasses import dataclass

import torch
from torch import nn

from edgeact.skeleton import BODY_21, MPII_16
from trainer.layers.action_block import ActionBlock, appearance_features
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, Pooled
from trainer.layers.part_crops import part_squares_in_shares
from trainer.layers.pyramid_decoder import PyramidDecoder
from trainer.layers.residual import check_input
from trainer.layers.soft_argmax import expected_depth, joint_confidence, soft_argmax, spatial_softmax
from trainer.models.compact import LEVEL_CHANNELS, CompactBackbone

DECODER_WIDTHS = (48, 64, 96, 128)
# The cells of stride 4, 8 and 16 cover the crop exactly, so that shares of a map are shares of the crop. Not 32, which
# 192×144 is no multiple of: of the coarsest level the last column may hang over by half.
SIDE_MULTIPLE = 16
# Of our joints, those of MPII in its order: the part squares are defined on them.
_MPII_ROWS = [BODY_21.index(name) for name in MPII_16.joints]


@dataclass(frozen=True, slots=True, eq=False)
class FrameOutput:
    """What one crop gives; all that a clip needs of it is ``features``.

    Attributes:
        joint_maps: ``(N, J, h, w)``, each summing to 1.
        poses: ``(N, J, 3)`` x, y, z in 0..1 of the crop.
        confidence: ``(N, J)``.
        human: ``(N, 1, h, w)`` heat map of the person, ≥ 0.
        squares: ``(N, 3, 4)`` x_min, y_min, x_max, y_max around head, right hand and left hand, square in pixels, as
            shares of the crop.
        still: Scores and attention of the actions that the crop alone shows.
        features: ``(N, J, 3 + F)`` the pose weighted by its confidence, and the appearance at each joint: what is kept
            of a frame.
    """

    joint_maps: torch.Tensor
    poses: torch.Tensor
    confidence: torch.Tensor
    human: torch.Tensor
    squares: torch.Tensor
    still: Pooled
    features: torch.Tensor


class EdgeFrameNetwork(nn.Module):
    """Crops (N, 3, H, W) in [−1, 1], sides multiples of 16 → `FrameOutput`."""

    def __init__(
        self, actions: int, *, appearance: int = 16, widths: tuple[int, int, int, int] = DECODER_WIDTHS
    ) -> None:
        """Make the layers.

        Args:
            actions: A.
            appearance: F, features at each joint.
            widths: Of the pyramid's levels.
        """
        super().__init__()
        joints, channels = len(BODY_21.joints), widths[0]
        self.backbone = CompactBackbone()
        self.decoder = PyramidDecoder(LEVEL_CHANNELS, widths)
        self.joint_maps = nn.Conv2d(channels, joints, 1)  # E, eq. 6
        self.depth_maps = nn.Conv2d(channels, joints, 1)  # E, eq. 7
        self.human = nn.Sequential(
            nn.Conv2d(channels, channels // 2, 3, padding=1), nn.ReLU(), nn.Conv2d(channels // 2, 1, 1), nn.ReLU()
        )
        self.visual = nn.Conv2d(channels, appearance, 1)
        self.still = GeneralizedAttentionalPooling(LEVEL_CHANNELS[-1], actions, matrices=2, first_rank=128)

    def forward(self, crops: torch.Tensor) -> FrameOutput:
        check_input(crops, axes=2)
        height, width = crops.shape[2:]
        if height % SIDE_MULTIPLE or width % SIDE_MULTIPLE:
            raise ValueError(f"crops are {width}×{height}; sides are multiples of {SIDE_MULTIPLE}")
        levels = self.backbone(crops)
        z = self.decoder(levels)
        h = spatial_softmax(self.joint_maps(z).float())
        d = torch.sigmoid(self.depth_maps(z).float())
        place = soft_argmax(h)
        poses = torch.cat([place, expected_depth(h, d)[..., None]], -1)
        confidence = joint_confidence(h)
        seen = appearance_features(h, self.visual(z))
        return FrameOutput(
            joint_maps=h,
            poses=poses,
            confidence=confidence,
            human=self.human(z),
            squares=part_squares_in_shares(place[:, _MPII_ROWS], height=height, width=width),
            still=self.still(levels[-1]),
            features=torch.cat([poses * confidence[..., None], seen], -1),
        )


class EdgeClipNetwork(nn.Module):
    """Features of T frames (N, T, J, 3 + F), as the frame network gave them → action scores (N, A)."""

    def __init__(self, actions: int, *, appearance: int = 16, clip_channels: int = 64) -> None:
        super().__init__()
        self.first = ActionBlock(3, appearance, clip_channels, actions, injected=False)
        self.second = ActionBlock(3, appearance, clip_channels, actions, injected=True)

    def explained(self, features: torch.Tensor) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
        """The first block's clip features, and the scores that come from them
        (`trainer.attribution.gradients.Explained`).

        Only those of the second block: the first block's own scores do not depend on its output.
        """
        pose, appearance = _parts(features)
        _, injected = self.first(pose, appearance, None)
        scores, _ = self.second(pose, appearance, injected)
        return {"clip": injected}, scores

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        pose, appearance = _parts(features)
        scores, injected = self.first(pose, appearance, None)
        refined, _ = self.second(pose, appearance, injected)
        return scores + refined


def _parts(features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Pose (N, 3, T, J) and appearance (N, F, T, J) of frame features (N, T, J, 3 + F)."""
    return features[..., :3].permute(0, 3, 1, 2), features[..., 3:].permute(0, 3, 1, 2)


class EdgeNetwork(nn.Module):
    """Clips (N, 3, T, H, W) in [−1, 1] → what each frame gives, and action scores (N, A): for training both parts
    together.
    """

    def __init__(self, actions: int, *, appearance: int = 16, clip_channels: int = 64) -> None:
        super().__init__()
        self.frame = EdgeFrameNetwork(actions, appearance=appearance)
        self.clip = EdgeClipNetwork(actions, appearance=appearance, clip_channels=clip_channels)

    def forward(self, clips: torch.Tensor) -> tuple[FrameOutput, torch.Tensor]:
        check_input(clips, axes=3)
        frames = self.frame(clips.transpose(1, 2).flatten(0, 1))
        return frames, self.clip(frames.features.unflatten(0, (-1, clips.shape[2])))
