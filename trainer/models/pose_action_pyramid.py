"""System E: pyramids that refine poses and actions block by block, each block an exit (paper E, figures 2 and 4).

Paper E is Luvizon, Picard, Tabia, "Multi-task Deep Learning for Real-Time 3D Human Pose Estimation and Action
Recognition", TPAMI 2020. Pyramids alternate: odd ones go down from level 1 to L, even ones up again; every step of a
pyramid ends in a prediction block. Shapes: N samples, T frames, J joints, D dimensions, A actions.
"""

from dataclasses import dataclass

import torch
from torch import nn

from trainer.layers.action_block import ActionBlock, appearance_features
from trainer.layers.pyramid_units import DownscalingUnit, EntryFlow, ResidualUnit, SeparableConvolution, UpscalingUnit
from trainer.layers.residual import check_input
from trainer.layers.soft_argmax import expected_depth, joint_confidence, soft_argmax, spatial_softmax


@dataclass(frozen=True, slots=True)
class PyramidSize:
    """How large a network is.

    Attributes:
        pyramids: P.
        levels: L.
        joints: N_j.
        dimensions: 2 or 3.
        actions: N_a; 0 makes a network for poses alone.
        first_action_pyramid: The first whose blocks predict actions, from 1 (with P = 8 the paper's 5th).
        growth: Features more at each level; the first one has three times as many.
        clip_channels: N_v.
    """

    pyramids: int
    levels: int
    joints: int
    dimensions: int
    actions: int
    first_action_pyramid: int = 1
    growth: int = 96
    clip_channels: int = 160

    def channels(self, level: int) -> int:
        """N_f of a level, from 1."""
        return self.growth * (level + 2)


PENN_ACTION_2 = PyramidSize(pyramids=2, levels=4, joints=16, dimensions=2, actions=15)  # table 4, third row
PENN_ACTION_8 = PyramidSize(
    pyramids=8, levels=4, joints=16, dimensions=2, actions=15, first_action_pyramid=5
)  # its last row
NTU_8 = PyramidSize(
    pyramids=8, levels=4, joints=20, dimensions=3, actions=60, first_action_pyramid=5, clip_channels=192
)
TINY = PyramidSize(pyramids=2, levels=2, joints=5, dimensions=3, actions=3, growth=8, clip_channels=16)  # for tests


@dataclass(frozen=True, slots=True, eq=False)
class BlockPrediction:
    """What one prediction block says.

    Attributes:
        pyramid: Which, from 1.
        level: Which, from 1.
        poses: ``(N, J, D)`` of pictures or ``(N, T, J, D)`` of clips, x, y, z in 0..1 from edge to edge.
        confidence: ``(N, J)`` or ``(N, T, J)``.
        actions: ``(N, A)`` before the softmax, or None (pictures, and blocks before the first action pyramid).
    """

    pyramid: int
    level: int
    poses: torch.Tensor
    confidence: torch.Tensor
    actions: torch.Tensor | None


@dataclass(frozen=True, slots=True, eq=False)
class _Maps:
    """Joint maps h, depth maps d or None, and the poses and confidence that come from them, of B pictures."""

    joints: torch.Tensor
    depth: torch.Tensor | None
    poses: torch.Tensor
    confidence: torch.Tensor


class MapHeads(nn.Module):
    """W_h and W_d: normalised features (B, N_f, h, w), ≥ 0 → joint and depth maps and their poses (eq. 6 to 9)."""

    def __init__(self, channels: int, joints: int, dimensions: int) -> None:
        super().__init__()
        self.joint_maps = nn.Conv2d(channels, joints, 1)
        self.depth_maps = nn.Conv2d(channels, joints, 1) if dimensions == 3 else None

    def forward(self, active: torch.Tensor) -> _Maps:
        h = spatial_softmax(self.joint_maps(active))
        poses, d = soft_argmax(h), None
        if self.depth_maps is not None:
            d = torch.sigmoid(self.depth_maps(active))
            poses = torch.cat([poses, expected_depth(h, d)[..., None]], -1)
        return _Maps(h, d, poses, joint_confidence(h))


class PredictionBlock(nn.Module):
    """PB of one pyramid and level (figure 4).

    Between two convolutions, those of W_z and of W_h and W_d too, stand a normalisation and a ReLU, which the paper
    "omits to simplify notation" (section 3). W_h and W_d share one, as in the authors' published code; what is
    re-injected and what appearance is taken from is Z before it.
    """

    def __init__(self, size: PyramidSize, level: int, *, acts: bool, injected: bool) -> None:
        super().__init__()
        self.dimensions = size.dimensions
        channels = size.channels(level)
        self.residual = ResidualUnit(channels)  # RU of eq. 4
        self.norm, self.multitask = nn.BatchNorm2d(channels), SeparableConvolution(channels, channels)  # W_z of eq. 5
        self.head_norm = nn.BatchNorm2d(channels)  # between Z and W_h, W_d
        self.heads = MapHeads(channels, size.joints, size.dimensions)
        self.reinject_joints = nn.Conv2d(size.joints, channels, 1, bias=False)  # W_r of eq. 10
        self.reinject_depth = nn.Conv2d(size.joints, channels, 1, bias=False) if size.dimensions == 3 else None  # W_s
        self.action_heads: MapHeads | None = None  # W'_h and W'_d, once poses are decoupled
        self.action = (
            ActionBlock(size.dimensions, channels, size.clip_channels, size.actions, injected=injected)
            if acts
            else None
        )

    def decouple(self) -> None:
        """Give the action part copies of W_h and W_d (section 3.3.4, figure 6), which this block's actions go through
        from then on.

        Its own W_h and W_d then hear nothing of its actions. Of those of later blocks they still do, through what they
        re-inject (eq. 10): the paper replicates "only the last layers" and has the copies absorb the actions' gradients
        "partially"; nothing else is cut, as in the authors' published code.
        """
        if self.action is not None and self.action_heads is None:
            original = self.heads
            dimensions = 2 if original.depth_maps is None else 3
            copy = MapHeads(original.joint_maps.in_channels, original.joint_maps.out_channels, dimensions)
            self.action_heads = copy.to(original.joint_maps.weight.device)
            self.action_heads.load_state_dict(original.state_dict())

    def forward(self, features: torch.Tensor, *, acts: bool) -> tuple[torch.Tensor, _Maps, torch.Tensor | None]:
        """Features of B pictures (N·T of a clip) → X of eq. 10, maps, and if actions are wanted what they are told by,
        ``(B, J, D + N_f)``: the pose and the appearance at each joint.
        """
        z_before = self.residual(features)  # Z' of eq. 4, of what the network has added up
        z = self.multitask(torch.relu(self.norm(z_before)))
        active = torch.relu(self.head_norm(z))
        maps = self.heads(active)
        x = self.reinject_joints(maps.joints) + z_before + z
        if self.reinject_depth is not None and maps.depth is not None:
            x = x + self.reinject_depth(maps.depth)
        if self.action is None or not acts:
            return x, maps, None
        seen = maps if self.action_heads is None else self.action_heads(active)
        weighted = seen.poses * seen.confidence[..., None]  # "pondered by their confidence scores" (section 3.3.1)
        return x, maps, torch.cat([weighted, appearance_features(seen.joints, z)], -1)

    def act(self, seen: torch.Tensor, injected: torch.Tensor | None) -> tuple[torch.Tensor, torch.Tensor]:
        """What `forward` gave of T frames (N, T, J, D + N_f), Y of other blocks or None → actions (N, A) and Y."""
        assert self.action is not None
        seen = seen.permute(0, 3, 1, 2)
        return self.action(seen[:, : self.dimensions], seen[:, self.dimensions :], injected)


class PoseActionPyramid(nn.Module):
    """Pictures (N, 3, H, W) or clips (N, 3, T, H, W), normalised to −1..1 → the prediction of every block up to an
    exit.

    H and W are multiples of 8·2^(L−1). Of pictures only the pose layers run (single-frame mode).
    """

    def __init__(self, size: PyramidSize) -> None:
        super().__init__()
        self.size = size
        self.entry = EntryFlow(size.growth)
        scaling, blocks, clip_residuals = {}, {}, {}
        started = False
        for pyramid, level in self.steps():
            name = f"p{pyramid}_l{level}"
            down = pyramid % 2 == 1
            source, target = size.channels(level - 1 if down else level + 1), size.channels(level)
            scaling[name] = DownscalingUnit(source, target) if down else UpscalingUnit(source, target)
            acts = size.actions > 0 and pyramid >= size.first_action_pyramid
            if acts and started:
                # Separable as in the authors' published code, where section 4.2.2 has standard convolutions for clips:
                # with those the network of 8 pyramids, larger than the paper's as it is, would have a million
                # parameters more.
                clip_residuals[name] = ResidualUnit(size.clip_channels, kernel=3)
            blocks[name] = PredictionBlock(size, level, acts=acts, injected=acts and started)
            started = started or acts
        self.scaling, self.blocks, self.clip_residuals = (
            nn.ModuleDict(scaling),
            nn.ModuleDict(blocks),
            nn.ModuleDict(clip_residuals),
        )

    def steps(self) -> list[tuple[int, int]]:
        """Pyramid and level of every prediction block, in the order of computation: each is an exit."""
        levels = self.size.levels
        return [
            (pyramid, level)
            for pyramid in range(1, self.size.pyramids + 1)
            for level in (range(2, levels + 1) if pyramid % 2 else range(levels - 1, 0, -1))
        ]

    def decouple(self) -> None:
        """Decouple the action poses of every block; call it once, late in training, before the optimiser is made
        anew.
        """
        for block in self.blocks.values():
            block.decouple()

    def forward(self, inputs: torch.Tensor, exit_at: tuple[int, int] | None = None) -> list[BlockPrediction]:
        """Predictions of all blocks, or of those up to the exit ``(pyramid, level)``; nothing behind it is computed.

        Raises:
            ValueError: The input's shape does not fit, or there is no such exit.
        """
        steps = self._steps_to(exit_at)
        is_clip = inputs.ndim == 5
        check_input(inputs, axes=3 if is_clip else 2)
        multiple = 8 * 2 ** (self.size.levels - 1)
        if inputs.shape[-1] % multiple or inputs.shape[-2] % multiple:
            raise ValueError(
                f"frames are {inputs.shape[-1]}×{inputs.shape[-2]}; with {self.size.levels} levels sides are "
                f"multiples of {multiple}"
            )
        frames = inputs.shape[2] if is_clip else None
        seen = self._look(inputs.transpose(1, 2).flatten(0, 1) if is_clip else inputs, steps, acts=is_clip)
        clips = [None if one is None else one.unflatten(0, (-1, frames)) for _, one in seen]
        predictions = []
        for (pyramid, level), (maps, _), actions in zip(steps, seen, self._act(clips, steps), strict=True):
            poses, confidence = maps.poses, maps.confidence
            if frames is not None:
                poses, confidence = poses.unflatten(0, (-1, frames)), confidence.unflatten(0, (-1, frames))
            predictions.append(BlockPrediction(pyramid, level, poses, confidence, actions))
        return predictions

    def acting_steps(self, exit_at: tuple[int, int] | None = None) -> list[tuple[int, int]]:
        """Of the blocks up to an exit, those that predict actions."""
        acts = self.size.actions > 0
        return [step for step in self._steps_to(exit_at) if acts and step[0] >= self.size.first_action_pyramid]

    def frame(
        self, images: torch.Tensor, exit_at: tuple[int, int] | None = None
    ) -> tuple[BlockPrediction, torch.Tensor, torch.Tensor | None]:
        """Pictures (N, 3, H, W) → the exit's prediction without actions, its joint maps (N, J, h, w), and what a clip
        needs of each frame, ``(N, J, C)``: of all blocks up to the exit that act, pose and appearance side by side;
        None where none acts.
        """
        steps = self._steps_to(exit_at)
        seen = self._look(images, steps, acts=True)
        maps, _ = seen[-1]
        kept = [one for _, one in seen if one is not None]
        prediction = BlockPrediction(*steps[-1], maps.poses, maps.confidence, None)
        return prediction, maps.joints, torch.cat(kept, -1) if kept else None

    def clip(self, features: torch.Tensor, exit_at: tuple[int, int] | None = None) -> torch.Tensor:
        """What `frame` keeps of T frames, (N, T, J, C) → the exit's actions (N, A) before the softmax."""
        steps, acting = self._steps_to(exit_at), self.acting_steps(exit_at)
        sizes = []
        for pyramid, level in acting:  # of a network that lost channels the appearance is narrower than its size says
            action = self.blocks[f"p{pyramid}_l{level}"].action
            sizes.append(self.size.dimensions + action.appearance.in_channels)
        parts = dict(zip(acting, features.split(sizes, -1), strict=True))
        actions = self._act([parts.get(step) for step in steps], steps)[-1]
        assert actions is not None
        return actions

    def _steps_to(self, exit_at: tuple[int, int] | None) -> list[tuple[int, int]]:
        steps = self.steps()
        if exit_at is None:
            return steps
        if exit_at not in steps:
            raise ValueError(f"exit {exit_at} does not exist; choose a (pyramid, level) of {steps}")
        return steps[: steps.index(exit_at) + 1]

    def _look(
        self, images: torch.Tensor, steps: list[tuple[int, int]], *, acts: bool
    ) -> list[tuple[_Maps, torch.Tensor | None]]:
        """Maps of each block, and what its actions are told by: each picture for itself."""
        x = self.entry(images)
        lateral: dict[int, torch.Tensor] = {1: x}  # X of each level, from the pyramid before
        found = []
        for pyramid, level in steps:
            name = f"p{pyramid}_l{level}"
            x = self.scaling[name](x)
            if level in lateral:
                x = lateral[level] + x  # eq. 4
            x, maps, seen = self.blocks[name](x, acts=acts)
            lateral[level] = x
            found.append((maps, seen))
        return found

    def _act(self, seen: list[torch.Tensor | None], steps: list[tuple[int, int]]) -> list[torch.Tensor | None]:
        """Actions of each block, of what was seen in the frames of clips; None where nothing was."""
        lateral: dict[int, torch.Tensor] = {}
        y: torch.Tensor | None = None
        found: list[torch.Tensor | None] = []
        for (pyramid, level), one in zip(steps, seen, strict=True):
            name, actions = f"p{pyramid}_l{level}", None
            if one is not None:
                if y is not None:
                    y = self.clip_residuals[name](y)
                    if level in lateral:
                        y = y + lateral[level]
                actions, y = self.blocks[name].act(one, y)
                lateral[level] = y
            found.append(actions)
        return found
