"""System A: pose and action of one person from one picture, by three streams on a shared pose backbone (paper A,
figures 1 to 4).

Paper A is "Body-Part-Aware and Multitask-Aware Single-Image-Based Action Recognition" (Sensors 2020). Shapes: N
pictures, K joints of MPII, A actions; F1..F4 are the backbone's maps at strides 4, 8, 16 and 32.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from edgeact.skeleton import MPII_16
from trainer.layers.part_crops import cut_squares, part_squares_in_shares, peak_joints
from trainer.layers.pixels import IMAGENET
from trainer.layers.residual import check_input

PARTS = 3  # head, right hand, left hand


@dataclass(frozen=True, slots=True, eq=False)
class BodyPartAwareOutput:
    """What the network gives.

    Attributes:
        heat_maps: ``(N, K, H/4, W/4)``.
        attention: ``(N, 3, H, W)`` A of eq. 1, ≥ 0.
        squares: ``(N, 3, 4)`` head, right hand, left hand as shares of the picture, square in pixels.
        parts: ``(N, 3, 3, W, W)`` the crops that the part stream saw.
        image_maps: ``(N, F, H/32, W/32)`` F4, whose mean is the image stream's feature.
        attended_maps: ``(N, C, H/32, W/32)`` the attention-image stream's last map, whose mean is its feature.
        part_maps: ``(N, 3, C, W/32, W/32)`` the part-image stream's last maps; their means side by side are its
            feature.
        image: ``(N, A)`` scores of the image stream before the softmax.
        attended: ``(N, A)`` of the attention-image stream.
        part: ``(N, A)`` of the part-image stream.
        joined: ``(N, A)`` of the classifier over the three streams' features together.
    """

    heat_maps: torch.Tensor
    attention: torch.Tensor
    squares: torch.Tensor
    parts: torch.Tensor
    image_maps: torch.Tensor
    attended_maps: torch.Tensor
    part_maps: torch.Tensor
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
    """(N, C, h, w), (N, F, h, w) → (N, C, h, w): a layer's output beside the backbone's map, 3×3 convolution,
    normalisation, ReLU.

    ResNet's layers have the strides of the backbone's maps, so that both agree in size; where an odd input makes them
    differ by a cell, the backbone's map is brought to the layer's size.
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
    """I_att = I∘(1 + A) through a ResNet whose layers are joined with F1..F4 (figure 3): last map (N, C, h, w) and A
    (N, 3, H, W).
    """

    def __init__(
        self, residual: nn.Module, layer_channels: tuple[int, ...], backbone_channels: tuple[int, ...], joints: int
    ) -> None:
        super().__init__()
        self.attention = nn.Sequential(nn.Conv2d(joints, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU())
        self.residual = residual
        self.transitions = nn.ModuleList(
            Transition(c, b) for c, b in zip(layer_channels, backbone_channels, strict=True)
        )

    def forward(
        self, images: torch.Tensor, heat_maps: torch.Tensor, maps: tuple[torch.Tensor, ...]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        attention = functional.interpolate(
            self.attention(heat_maps), size=images.shape[2:], mode="bilinear", align_corners=False
        )
        x = self.residual.stem(images + images * attention)
        layers = (self.residual.layer1, self.residual.layer2, self.residual.layer3, self.residual.layer4)
        for layer, transition, backbone in zip(layers, self.transitions, maps, strict=True):
            x = transition(layer(x), backbone)
        return x, attention


class PartStream(nn.Module):
    """Three crops through one shared ResNet (figure 4): (N, 3, 3, H, W) → its last map of each, (N, 3, C, h, w)."""

    def __init__(self, residual: nn.Module) -> None:
        super().__init__()
        self.residual = residual

    def forward(self, parts: torch.Tensor) -> torch.Tensor:
        x = self.residual.stem(parts.flatten(0, 1))
        for layer in (self.residual.layer1, self.residual.layer2, self.residual.layer3, self.residual.layer4):
            x = layer(x)
        return x.unflatten(0, (-1, PARTS))


class BodyPartAwareNetwork(nn.Module):
    """Pictures (N, 3, H, W) and the same ones larger (N, 3, H', W'), normalised → `BodyPartAwareOutput` (paper: 256²
    and 512²).

    "All input images were normalized with a mean and standard deviation of ImageNet" (section 4.1), as the published
    weights of HRNet and ResNet want them; `trainer.layers.pixels.FromPixels` does so.
    """

    pixel_range = IMAGENET

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
            joints: K, MPII's 16 in its order: parts are cut out around them.
            classes: A.

        Raises:
            ValueError: There is another number of joints.
        """
        super().__init__()
        if joints != len(MPII_16.joints):
            wanted = len(MPII_16.joints)
            raise ValueError(
                f"joints are {joints}; head and hands are found among those of MPII: give {wanted}, in its order"
            )
        self.backbone = backbone
        self.pose = nn.Conv2d(backbone_channels[0], joints, 3, padding=1)  # "Conv for Pose Estimation"
        self.attention_stream = AttentionStream(attention_residual, layer_channels, backbone_channels, joints)
        self.part_stream = PartStream(part_residual)
        sizes = (backbone_channels[3], layer_channels[3], PARTS * layer_channels[3])
        self.image_classifier, self.attended_classifier, self.part_classifier = (
            nn.Linear(size, classes) for size in sizes
        )
        self.joined_classifier = nn.Linear(sum(sizes), classes)

    def forward(self, images: torch.Tensor, large_images: torch.Tensor) -> BodyPartAwareOutput:
        check_input(images, axes=2)
        _check_larger(images, large_images)
        height, width = images.shape[2:]
        maps = tuple(self.backbone(images))
        heat_maps = self.pose(maps[0])
        attended_maps, attention = self.attention_stream(images, heat_maps, maps)
        squares = part_squares_in_shares(peak_joints(heat_maps), height=height, width=width)
        parts = cut_squares(large_images, squares, width)
        part_maps = self.part_stream(parts)
        f_img, f_att, f_part = maps[3].mean((2, 3)), attended_maps.mean((2, 3)), part_maps.mean((3, 4)).flatten(1)
        return BodyPartAwareOutput(
            heat_maps=heat_maps,
            attention=attention,
            squares=squares,
            parts=parts,
            image_maps=maps[3],
            attended_maps=attended_maps,
            part_maps=part_maps,
            image=self.image_classifier(f_img),
            attended=self.attended_classifier(f_att),
            part=self.part_classifier(f_part),
            joined=self.joined_classifier(torch.cat([f_img, f_att, f_part], 1)),
        )


def _check_larger(images: torch.Tensor, large_images: torch.Tensor) -> None:
    """Refuse large pictures that cannot be the same ones: squares are shares of the picture and fit only one of the
    same shape.
    """
    check_input(large_images, axes=2)
    (height, width), (large_height, large_width) = images.shape[2:], large_images.shape[2:]
    if large_height * width != large_width * height:
        raise ValueError(
            f"the large pictures are {large_width}×{large_height}, the pictures {width}×{height}; the parts are "
            "cut out of the same "
            "pictures, only larger: give both with the same ratio of width to height"
        )
    count, large_count = (
        images.shape[0],
        large_images.shape[0],
    )  # not `len`, which would fix the number of samples in an exported graph
    if large_count != count:
        raise ValueError(
            f"there are {large_count} large pictures for {count} pictures; give the same ones, only larger"
        )
