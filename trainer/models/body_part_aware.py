"""System A: pose and action of one person from one picture, by three streams on a shared pose backbone (paper A, figures 1 to 4).

Paper A is "Body-Part-Aware and Multitask-Aware Single-Image-Based Action Recognition" (Sensors 2020). Shapes: N pictures, K joints of
MPII, A actions; F1..F4 are the backbone's maps at strides 4, 8, 16 and 32.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from trainer.layers.part_crops import cut_squares, part_squares, peak_joints

PARTS = 3  # head, right hand, left hand


@dataclass(frozen=True, slots=True, eq=False)
class BodyPartAwareOutput:
    """What the network gives.

    Attributes:
        heat_maps: ``(N, K, H/4, W/4)``.
        attention: ``(N, 3, H, W)`` A of eq. 1, ≥ 0.
        squares: ``(N, 3, 4)`` head, right hand, left hand as shares of the picture.
        parts: ``(N, 3, 3, H, W)`` the crops that the part stream saw.
        image: ``(N, A)`` scores of the image stream before the softmax.
        attended: ``(N, A)`` of the attention-image stream.
        part: ``(N, A)`` of the part-image stream.
        joined: ``(N, A)`` of the classifier over the three streams' features together.
    """

    heat_maps: torch.Tensor
    attention: torch.Tensor
    squares: torch.Tensor
    parts: torch.Tensor
    image: torch.Tensor
    attended: torch.Tensor
    part: torch.Tensor
    joined: torch.Tensor

    @property
    def scores(self) -> tuple[torch.Tensor, ...]:
        """Of all four classifiers, in the order of eq. 4: each has its own loss."""
        return self.image, self.attended, self.part, self.joined


def ensemble(output: BodyPartAwareOutput, *, multi_label: bool = False) -> torch.Tensor:
    """Mean probability of the image stream, the part stream and the joined classifier: ``(N, A)`` (section 4.4).

    Args:
        output: Of the network.
        multi_label: Sigmoid for each action (V-COCO) instead of a softmax over all (Stanford 40).
    """
    chosen = torch.stack([output.image, output.part, output.joined])
    return (torch.sigmoid(chosen) if multi_label else torch.softmax(chosen, -1)).mean(0)


class Transition(nn.Module):
    """(N, C, h, w), (N, F, h, w) → (N, C, h, w): a layer's output beside the backbone's map, 3×3 convolution, normalisation, ReLU.

    ResNet's layers have the strides of the backbone's maps, so that both agree in size; where an odd input makes them differ by a cell, the
    backbone's map is brought to the layer's size.
    """

    def __init__(self, channels: int, backbone_channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels + backbone_channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, layer: torch.Tensor, backbone: torch.Tensor) -> torch.Tensor:
        if backbone.shape[2:] != layer.shape[2:]:
            backbone = functional.interpolate(backbone, size=layer.shape[2:], mode="bilinear", align_corners=False)
        return torch.relu(self.norm(self.conv(torch.cat([layer, backbone], 1))))


class AttentionStream(nn.Module):
    """I_att = I∘(1 + A) through a ResNet whose layers are joined with F1..F4 (figure 3): feature (N, C) and A (N, 3, H, W)."""

    def __init__(self, residual: nn.Module, layer_channels: tuple[int, ...], backbone_channels: tuple[int, ...], joints: int) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.Conv2d(joints, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU())
        self.residual = residual
        self.transitions = nn.ModuleList(Transition(c, b) for c, b in zip(layer_channels, backbone_channels, strict=True))

    def forward(self, images: torch.Tensor, heat_maps: torch.Tensor, maps: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, torch.Tensor]:
        attention = functional.interpolate(self.attention(heat_maps), size=images.shape[2:], mode="bilinear", align_corners=False)
        x = self.residual.stem(images + images * attention)
        layers = (self.residual.layer1, self.residual.layer2, self.residual.layer3, self.residual.layer4)
        for layer, transition, backbone in zip(layers, self.transitions, maps, strict=True):
            x = transition(layer(x), backbone)
        return x.mean((2, 3)), attention


class PartStream(nn.Module):
    """Three crops through one shared ResNet, their features side by side (figure 4): (N, 3, 3, h, w) → (N, 3·C)."""

    def __init__(self, residual: nn.Module) -> None:
        super().__init__()
        self.residual = residual

    def forward(self, parts: torch.Tensor) -> torch.Tensor:
        x = self.residual.stem(parts.flatten(0, 1))
        for layer in (self.residual.layer1, self.residual.layer2, self.residual.layer3, self.residual.layer4):
            x = layer(x)
        return x.mean((2, 3)).reshape(-1, PARTS * x.shape[1])


class BodyPartAwareNetwork(nn.Module):
    """Pictures (N, 3, H, W) and the same ones larger (N, 3, H, W), normalised → `BodyPartAwareOutput` (paper: 256² and 512²)."""

    def __init__(
        self,
        backbone: nn.Module,
        backbone_channels: tuple[int, int, int, int],
        attention_residual: nn.Module,
        part_residual: nn.Module,
        layer_channels: tuple[int, int, int, int],
        *,
        joints: int,
        classes: int,
    ) -> None:
        """Put the streams on a backbone.

        Args:
            backbone: Pictures → F1..F4 (an `HRNet`).
            backbone_channels: Of F1..F4.
            attention_residual: A ResNet with ``stem`` and ``layer1`` to ``layer4`` (ResNet-18 in the paper).
            part_residual: Another one, shared by the three parts.
            layer_channels: Of both ResNets' layers.
            joints: K, in MPII's order.
            classes: A.
        """
        super().__init__()
        self.backbone = backbone
        self.pose = nn.Conv2d(backbone_channels[0], joints, 3, padding=1)  # "Conv for Pose Estimation"
        self.attention_stream = AttentionStream(attention_residual, layer_channels, backbone_channels, joints)
        self.part_stream = PartStream(part_residual)
        sizes = (backbone_channels[3], layer_channels[3], PARTS * layer_channels[3])
        self.image_classifier, self.attended_classifier, self.part_classifier = (nn.Linear(size, classes) for size in sizes)
        self.joined_classifier = nn.Linear(sum(sizes), classes)

    def forward(self, images: torch.Tensor, large_images: torch.Tensor) -> BodyPartAwareOutput:
        maps = tuple(self.backbone(images))
        heat_maps = self.pose(maps[0])
        f_img = maps[3].mean((2, 3))
        f_att, attention = self.attention_stream(images, heat_maps, maps)
        squares = part_squares(peak_joints(heat_maps))
        parts = cut_squares(large_images, squares, images.shape[3])
        f_part = self.part_stream(parts)
        return BodyPartAwareOutput(
            heat_maps=heat_maps,
            attention=attention,
            squares=squares,
            parts=parts,
            image=self.image_classifier(f_img),
            attended=self.attended_classifier(f_att),
            part=self.part_classifier(f_part),
            joined=self.joined_classifier(torch.cat([f_img, f_att, f_part], 1)),
        )
