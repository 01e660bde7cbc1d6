"""System E: the paper's sizes, exits, clips and pictures, where gradients go and where not, export, and that it learns."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional

from deploy.export import check_parity, export_onnx
from deploy.package import round_weights
from trainer.losses import elastic_net
from trainer.models.pose_action_pyramid import NTU_8, PENN_ACTION_2, PENN_ACTION_8, TINY, PoseActionPyramid, PyramidSize


def network(size: PyramidSize = TINY) -> PoseActionPyramid:
    torch.manual_seed(0)
    return PoseActionPyramid(size)


def pictures(count: int = 2) -> torch.Tensor:
    return torch.randn(count, 3, 32, 48, generator=torch.Generator().manual_seed(1))


def clips(count: int = 2, frames: int = 4) -> torch.Tensor:
    return torch.randn(count, 3, frames, 32, 32, generator=torch.Generator().manual_seed(1))


def millions(size: PyramidSize) -> float:
    with torch.device("meta"):
        return sum(p.numel() for p in PoseActionPyramid(size).parameters()) / 1e6


def test_blocks_and_parameters_of_the_papers_table_4() -> None:
    with torch.device("meta"):
        assert PoseActionPyramid(PENN_ACTION_2).steps() == [(1, 2), (1, 3), (1, 4), (2, 3), (2, 2), (2, 1)]
        assert len(PoseActionPyramid(PENN_ACTION_8).steps()) == 24
    assert millions(PENN_ACTION_2) == pytest.approx(10, rel=0.1)  # 10.1; the second row is the same network, cut at its last block
    # One block at pyramid 1 and level 2: 2M in the table, which rounds; what the exit leaves uncomputed is not counted.
    assert round(millions(replace(PENN_ACTION_2, pyramids=1, levels=2)), 1) == 2.5
    # 28.8 where the table says 26: 21.3 of them are the pose layers of 8 pyramids, which leaves 4.7 for 12 action blocks. The row of two
    # pyramids, whose 10M hold 6.2 of pose layers and 6 such blocks, wants at least 0.5 for each of them, 12 times 0.5 being 6.2. The
    # text does not say what the blocks of the larger network save.
    assert 26 < millions(PENN_ACTION_8) < 29
    assert millions(replace(PENN_ACTION_8, actions=0)) == pytest.approx(21.0, abs=0.5)
    assert millions(NTU_8) == pytest.approx(34.3, abs=0.1)  # the paper names no number for it


def test_the_entry_flow_and_levels_have_the_papers_sizes() -> None:
    """256² → 32²×288, then half the cells and 96 features more at each level (section 4.2.2)."""
    assert [PENN_ACTION_8.channels(level) for level in (1, 2, 3, 4)] == [288, 384, 480, 576]
    with torch.device("meta"):
        assert PoseActionPyramid(PENN_ACTION_8).entry(torch.zeros(1, 3, 256, 256)).shape == (1, 288, 32, 32)


def test_pictures_give_poses_only() -> None:
    predictions = network().eval()(pictures())
    assert [(p.pyramid, p.level) for p in predictions] == [(1, 2), (2, 1)]
    for prediction in predictions:
        assert prediction.poses.shape == (2, 5, 3)
        assert prediction.confidence.shape == (2, 5)
        assert prediction.actions is None
        assert (prediction.poses >= 0).all()
        assert (prediction.poses <= 1).all()


def test_poses_of_a_clip_are_those_of_its_frames() -> None:
    model, inputs = network().eval(), clips()
    together = model(inputs)
    for frame in range(4):
        alone = model(inputs[:, :, frame])
        for whole, one in zip(together, alone, strict=True):
            assert torch.allclose(whole.poses[:, frame], one.poses, atol=1e-5)
            assert torch.allclose(whole.confidence[:, frame], one.confidence, atol=1e-6)
    assert all(p.actions is not None and p.actions.shape == (2, 3) for p in together)


def test_actions_begin_at_their_first_pyramid() -> None:
    size = replace(TINY, pyramids=4, first_action_pyramid=3)
    model = network(size).eval()
    assert [p.actions is not None for p in model(clips())] == [False, False, True, True]
    assert list(model.clip_residuals) == ["p4_l1"]  # the first action block has no clip features before it


@pytest.mark.parametrize("size", [TINY, replace(TINY, pyramids=4, levels=3, dimensions=2, first_action_pyramid=2)], ids=["tiny", "deeper"])
def test_an_exit_gives_what_the_whole_network_gives_there(size: PyramidSize) -> None:
    model = network(size).eval()
    inputs = clips()
    whole = model(inputs)
    for index, step in enumerate(model.steps()):
        cut = model(inputs, step)
        assert len(cut) == index + 1
        assert torch.equal(cut[-1].poses, whole[index].poses)
        assert (cut[-1].actions is None) == (whole[index].actions is None)
        if cut[-1].actions is not None and whole[index].actions is not None:
            assert torch.equal(cut[-1].actions, whole[index].actions)


def test_nothing_behind_an_exit_is_computed() -> None:
    model = network()
    sum(p.poses.sum() for p in model(pictures(), (1, 2))).backward()  # type: ignore[union-attr]
    reached = {name for name, p in model.named_parameters() if p.grad is not None}
    assert not any("p2_l1" in name for name in reached)
    assert any("p1_l2" in name for name in reached)


def test_pictures_teach_the_pose_layers_and_no_action_layer() -> None:
    model = network()
    loss = torch.stack([p.poses.square().sum() + p.confidence.square().sum() for p in model(pictures())]).sum()
    loss.backward()
    for name, parameter in model.named_parameters():
        acts = ".action." in name or "clip_residuals" in name
        # What the last block re-injects goes to no further block.
        unused = "reinject" in name and "p2_l1" in name
        has = parameter.grad is not None and bool(parameter.grad.any())
        assert has != (acts or unused), name


def test_clips_teach_every_layer() -> None:
    model = network()
    outputs = model(clips())
    loss = torch.stack([p.poses.square().sum() + p.confidence.square().sum() for p in outputs]).sum()
    loss = loss + torch.stack([functional.cross_entropy(p.actions, torch.tensor([0, 2])) for p in outputs if p.actions is not None]).sum()
    loss.backward()
    unused = {name for name, p in model.named_parameters() if p.grad is None or not p.grad.any()}
    assert all("blocks.p2_l1" in name and "reinject" in name for name in unused), unused


def test_decoupled_poses_keep_the_actions_gradients_from_the_pose_heads() -> None:
    model = network()
    inputs = clips()
    model.eval()
    before = [p.actions for p in model(inputs)]
    model.decouple()
    after = [p.actions for p in model(inputs)]
    for old, new in zip(before, after, strict=True):
        assert old is not None
        assert new is not None
        assert torch.equal(old, new)  # W' begins as a copy of W (figure 6)
    torch.stack([p.actions.square().sum() for p in model(inputs) if p.actions is not None]).sum().backward()
    last = model.blocks["p2_l1"]
    assert last.heads.joint_maps.weight.grad is None or not last.heads.joint_maps.weight.grad.any()
    assert last.heads.depth_maps.weight.grad is None or not last.heads.depth_maps.weight.grad.any()
    assert last.action_heads.joint_maps.weight.grad.any()
    assert last.action_heads.depth_maps.weight.grad.any()
    # A block in between still hears of the actions of later ones, through the maps that it re-injects (eq. 10).
    with torch.no_grad():
        last.action_heads.joint_maps.weight.add_(1.0 * torch.randn_like(last.action_heads.joint_maps.weight))
    moved = model(inputs)[-1]
    assert after[-1] is not None
    assert moved.actions is not None
    assert not torch.allclose(moved.actions, after[-1])
    assert torch.equal(moved.poses, model(inputs)[-1].poses)


def test_it_learns_eight_clips_by_heart() -> None:
    model, inputs, labels = network(), clips(8), torch.arange(8) % 3
    wanted = torch.rand(8, 4, 5, 3, generator=torch.Generator().manual_seed(2)) * 0.6 + 0.2
    optimizer = torch.optim.RMSprop(model.parameters(), 2e-3)

    def pose_error() -> float:
        with torch.no_grad():
            return (model(inputs)[-1].poses - wanted).abs().mean().item()

    start = pose_error()
    for _ in range(60):
        outputs = model(inputs)
        everything = torch.ones(32, 5, 3, dtype=torch.bool)
        pose = torch.stack([elastic_net(p.poses.flatten(0, 1), wanted.flatten(0, 1), everything).mean() for p in outputs]).sum()
        action = torch.stack([functional.cross_entropy(p.actions, labels) for p in outputs if p.actions is not None]).sum()
        optimizer.zero_grad()
        (pose + 0.1 * action).backward()
        optimizer.step()
    found = model(inputs)[-1]
    assert found.actions is not None
    assert (found.actions.argmax(1) == labels).all()
    assert pose_error() < 0.6 * start


@pytest.mark.parametrize("is_clip", [False, True], ids=["picture", "clip"])
def test_the_graph_gives_what_the_network_gives(is_clip: bool, tmp_path: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
            last = self.network(inputs)[-1]
            return (last.poses, last.confidence) if last.actions is None else (last.poses, last.confidence, last.actions)

    module = round_weights(Plain().eval())
    names = ["poses", "confidence", *(["actions"] if is_clip else [])]
    example = clips(3) if is_clip else pictures(3)
    export_onnx(module, example[:2], tmp_path / "e.onnx", input_name="inputs", output_names=names, dynamic_batch=True)
    found = check_parity(module, tmp_path / "e.onnx", [example, example[:1]], output_names=names)
    assert max(row.largest for row in found) < 1e-4


def test_what_does_not_fit_is_refused() -> None:
    model = network()
    with pytest.raises(ValueError, match=r"exit \(3, 1\) does not exist; choose a \(pyramid, level\) of \[\(1, 2\), \(2, 1\)\]"):
        model(pictures(), (3, 1))
    with pytest.raises(ValueError, match="frames are 40×32; with 2 levels sides are multiples of 16"):
        model(torch.zeros(1, 3, 32, 40))
    with pytest.raises(ValueError, match="takes clips"):
        model(torch.zeros(1, 1, 4, 32, 32))
