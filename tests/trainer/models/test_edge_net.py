"""System F: the parts of the others in one network; streaming equals the whole clip; export, and that it learns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.export import export_onnx, round_weights
from deploy.parity import check_parity
from edgeact.perception.parts import part_crops
from edgeact.skeleton import BODY_21, MPII_16
from edgeact.types import Pose
from trainer.attribution.cam3d import cam3d
from trainer.layers.part_crops import HEAD
from trainer.losses import elastic_net, human_mask
from trainer.models.edge_net import _MPII_ROWS, EdgeClipNetwork, EdgeFrameNetwork, EdgeNetwork

JOINTS = len(BODY_21.joints)


def clips(count: int = 2, frames: int = 4, side: int = 64) -> torch.Tensor:
    return torch.randn(count, 3, frames, side, side, generator=torch.Generator().manual_seed(1)).clamp(-1, 1)


def network() -> EdgeNetwork:
    torch.manual_seed(0)
    return EdgeNetwork(4, appearance=8, clip_channels=16)


def test_shapes_and_ranges() -> None:
    frames, actions = network().eval()(clips())
    assert actions.shape == (2, 4)
    assert frames.poses.shape == (8, JOINTS, 3)
    assert ((frames.poses >= 0) & (frames.poses <= 1)).all()
    assert frames.human.shape == (8, 1, 16, 16)
    assert frames.squares.shape == (8, 3, 4)
    assert frames.still.scores.shape == (8, 4)
    assert frames.features.shape == (8, JOINTS, 3 + 8)
    assert torch.allclose(frames.joint_maps.sum((2, 3)), torch.ones(8, JOINTS), atol=1e-5)


def test_squares_lie_around_the_head_of_our_skeleton() -> None:
    frames, _ = network().eval()(clips())
    head = [BODY_21.index(name) for name in ("upper_neck", "head_top")]
    assert [_MPII_ROWS[row] for row in HEAD] == head
    centre = frames.poses[:, head, :2].mean(1)
    assert torch.allclose((frames.squares[:, 0, :2] + frames.squares[:, 0, 2:]) / 2, centre, atol=1e-6)


def test_the_runtime_cuts_the_same_squares_out_of_a_crop_that_is_higher_than_wide() -> None:
    model = network().frame.eval()
    with torch.no_grad():
        model.joint_maps.weight.mul_(1e5)  # an untrained network has all joints in the middle
        frames = model(torch.randn(2, 3, 192, 144, generator=torch.Generator().manual_seed(1)).clamp(-1, 1))
    size = np.array([144, 192], np.float32)
    for places, squares in zip(frames.poses[..., :2].numpy(), frames.squares.numpy(), strict=True):
        joints = places[_MPII_ROWS] * size - 0.5  # the centre of the first pixel is (0, 0)
        assert np.ptp(joints, axis=0).min() > 40
        pose = Pose(joints=joints, confidence=np.ones(len(joints), np.float32))
        boxes = np.stack([part.box for part in part_crops(pose, skeleton=MPII_16, threshold=0.5)])
        assert np.allclose(squares * np.tile(size, 2), boxes + 0.5, atol=1e-3)
        sides = squares[:, 2:] * size - squares[:, :2] * size
        assert np.allclose(sides[:, 0], sides[:, 1], atol=1e-3)  # square in pixels, not in shares


def test_crops_that_the_maps_do_not_cover_are_refused() -> None:
    model = network()
    with pytest.raises(ValueError, match="crops are 70×50; sides are multiples of 16"):
        model.frame(torch.zeros(1, 3, 50, 70))
    with pytest.raises(ValueError, match=r"takes pictures \(N, 3, H, W\) in float32, was given \(1, 1, 64, 64\)"):
        model.frame(torch.zeros(1, 1, 64, 64))
    with pytest.raises(ValueError, match="takes clips"):
        model(torch.zeros(1, 3, 64, 64))


def test_frames_one_by_one_give_what_the_clip_gives() -> None:
    """Each frame is computed once: features kept of single frames are those of the whole clip, and so are the
    scores.
    """
    model, inputs = network().eval(), clips(1, frames=6)
    _, together = model(inputs)
    kept = torch.stack([model.frame(inputs[:, :, frame]).features[0] for frame in range(6)])
    assert torch.allclose(model.clip(kept[None]), together, atol=1e-5)


def test_it_is_compact() -> None:
    assert sum(p.numel() for p in EdgeFrameNetwork(27).parameters()) < 1.5e6
    assert sum(p.numel() for p in EdgeClipNetwork(27).parameters()) < 0.5e6


def test_every_parameter_learns_from_some_task() -> None:
    model = network()
    frames, actions = model(clips())
    loss = functional.cross_entropy(actions, torch.tensor([0, 3])) + functional.cross_entropy(
        frames.still.scores, torch.arange(8) % 4
    )
    loss = loss + human_mask(frames.human, torch.ones_like(frames.human)).mean()
    loss = (
        loss
        + elastic_net(
            frames.poses, torch.rand_like(frames.poses), torch.ones_like(frames.poses, dtype=torch.bool)
        ).mean()
    )
    loss.backward()
    without = [name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    # What the second block re-injects goes to no third one.
    assert all(name.startswith("clip.second.reinject") for name in without), without


def test_a_human_mask_alone_teaches_the_shared_layers_and_no_action() -> None:
    model = network()
    frames, _ = model(clips())
    human_mask(frames.human, torch.ones_like(frames.human)).mean().backward()
    assert model.frame.backbone.stem.conv.weight.grad is not None
    assert all(
        p.grad is None
        for module in (model.clip, model.frame.still, model.frame.joint_maps)
        for p in module.parameters()
    )


def test_it_learns_eight_clips_by_heart() -> None:
    model, inputs, labels = network(), clips(8, frames=2, side=32), torch.arange(8) % 4
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    for _ in range(15):
        _, actions = model(inputs)
        loss = functional.cross_entropy(actions, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert (model(inputs)[1].argmax(1) == labels).all()


def test_clip_features_are_explained_joint_by_joint() -> None:
    model = network().eval()
    features = model.frame(clips(1)[0].transpose(0, 1)).features[None]
    # The map lies over frames and joints, so the features come as channels.
    maps = cam3d(lambda x: model.clip.explained(x.permute(0, 2, 3, 1)), features.permute(0, 3, 1, 2))
    assert maps["clip"].shape == (1, 4, JOINTS)


@pytest.mark.slow  # tests/deploy/systems compares the graphs of this network F
@pytest.mark.parametrize("part", ["frame", "clip"])
def test_the_graph_gives_what_the_network_gives(part: str, tmp_path: Path) -> None:
    class Frame(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network().frame

        def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
            output = self.network(crops)
            return output.poses, output.confidence, output.human, output.squares, output.still.scores, output.features

    if part == "frame":
        names, example = (
            ["poses", "confidence", "human", "squares", "still", "features"],
            clips(1, frames=3)[0].transpose(0, 1),
        )
        module: nn.Module = round_weights(Frame().eval())
    else:
        names, module = ["actions"], round_weights(network().clip.eval())
        example = torch.rand(3, 16, JOINTS, 3 + 8, generator=torch.Generator().manual_seed(3))
    export_onnx(module, example[:2], tmp_path / "f.onnx", input_name="inputs", output_names=names, free="N")
    found = check_parity(module, tmp_path / "f.onnx", [example, example[:1]], output_names=names)
    assert max(row.largest for row in found) < 1e-4
