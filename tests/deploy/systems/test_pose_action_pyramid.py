"""Network E as a bundle: every exit, and frames that are computed once give what the whole clip gives."""

import numpy as np
import pytest
import torch

from deploy.export import round_weights
from deploy.samples import demo_clips
from deploy.systems.pose_action_pyramid import PyramidFrameGraph, pose_action_pyramid_graphs
from deploy.systems.system import ExportOptions
from edgeact.errors import UsageError
from edgeact.skeleton import KINECT_20, MPII_16
from tests.deploy.systems.graphs import ExampleBundle, manifest_of, run
from tests.example_bundles import EXAMPLES, LABELS, SIDE, seeded
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.models.pose_action_pyramid import PoseActionPyramid, PyramidSize

CLIPS = demo_clips(2, length=8, height=SIDE, width=SIDE)


def pyramid() -> PoseActionPyramid:
    network = round_weights(seeded("E"))
    assert isinstance(network, PoseActionPyramid)
    return network


@torch.no_grad()
def test_frames_one_by_one_give_what_the_whole_clip_gives(example_bundle: ExampleBundle) -> None:
    whole = pyramid()(to_range(CLIPS, SIGNED_UNIT))[-1]
    folder = example_bundle("E")
    frames = [[run(folder, "person", frame[None]) for frame in clip] for clip in CLIPS]
    features = np.stack([np.concatenate([found["features"] for found in clip]) for clip in frames])
    actions = run(folder, "clip", torch.from_numpy(features))["actions"]
    assert np.abs(actions - whole.actions.softmax(1).numpy()).max() < 1e-4
    assert np.ptp(actions) > 0.01
    joints = np.stack([np.concatenate([found["joints"] for found in clip]) for clip in frames])
    assert np.abs(joints - (whole.poses[..., :2].numpy() * SIDE - 0.5)).max() < 0.05
    metres = np.stack([np.concatenate([found["joints_3d"] for found in clip]) for clip in frames])
    root = MPII_16.index("pelvis")
    assert np.abs(metres - 2 * (whole.poses - whole.poses[:, :, root : root + 1]).numpy()).max() < 1e-3
    assert np.abs(metres).max() > 0.1


@torch.no_grad()
def test_every_exit_gives_the_prediction_of_its_block() -> None:
    network, clips = pyramid(), to_range(CLIPS, SIGNED_UNIT)
    for wanted in network(clips):
        step = (wanted.pyramid, wanted.level)
        seen = [network.frame(frame, step) for frame in clips.transpose(1, 2)]
        poses = torch.stack([found.poses for found, _, _ in seen])
        assert torch.allclose(poses, wanted.poses, atol=1e-5)
        features = torch.stack([one for _, _, one in seen if one is not None])
        assert torch.allclose(network.clip(features, step), wanted.actions, atol=1e-4)


def test_an_exit_can_be_chosen_and_costs_only_what_lies_before_it() -> None:
    network, options = pyramid(), EXAMPLES["E"].options
    first, last = network.steps()[0], network.steps()[-1]
    sizes = []
    for step in (first, last):
        chosen = ExportOptions(labels=LABELS, side=SIDE, exit_at=step, clip_length=options.clip_length)
        frame, clip = pose_action_pyramid_graphs(network, chosen)
        assert frame.outputs[-1].shape[1:] == clip.input.shape[2:]
        sizes.append(frame.outputs[-1].shape[-1])
    assert sizes[0] < sizes[1]
    assert sizes[0] == 3 + network.size.channels(first[1])


def test_what_cannot_be_is_refused() -> None:
    network = pyramid()
    with pytest.raises(UsageError, match=r"exit 3,1 does not exist; the network has 1,2, 2,1"):
        pose_action_pyramid_graphs(network, ExportOptions(labels=LABELS, side=SIDE, exit_at=(3, 1)))
    with pytest.raises(UsageError, match="side is 72; with 2 levels it must be a multiple of 16"):
        pose_action_pyramid_graphs(network, ExportOptions(labels=LABELS, side=72))
    poses = PoseActionPyramid(PyramidSize(2, 2, 16, 2, 0, growth=8, clip_channels=16)).eval()
    with pytest.raises(UsageError, match="up to exit 2,1 the network predicts no actions; leave the labels out"):
        pose_action_pyramid_graphs(poses, ExportOptions(labels=LABELS, side=SIDE))
    (frame,) = pose_action_pyramid_graphs(poses, ExportOptions(labels=(), side=SIDE))
    assert [output.meaning for output in frame.outputs] == ["joints", "confidence", "joint_maps"]
    unknown = PoseActionPyramid(PyramidSize(2, 2, 5, 2, 0, growth=8, clip_channels=16)).eval()
    with pytest.raises(UsageError, match="5 joints, which are those of no known skeleton"):
        pose_action_pyramid_graphs(unknown, ExportOptions(labels=(), side=SIDE))


@torch.no_grad()
def test_twenty_joints_are_those_of_the_kinect() -> None:
    network = PoseActionPyramid(PyramidSize(2, 2, 20, 3, 0, growth=8, clip_channels=16)).eval()
    (frame,) = pose_action_pyramid_graphs(network, ExportOptions(labels=(), side=SIDE, crop_metres=2.5))
    assert frame.skeleton is not None
    assert frame.skeleton.skeleton is KINECT_20
    assert isinstance(frame.module, PyramidFrameGraph)
    joints, _, _, metres = frame.module.eval()(CLIPS[0])
    apart = 2.5 * (joints - joints[:, :1]) / SIDE
    assert torch.allclose(metres[..., :2], apart, atol=1e-5)
    assert (metres[:, 0] == 0).all()


def test_the_manifest_says_how_frames_and_clips_belong_together(example_bundle: ExampleBundle) -> None:
    _, frame, clip = manifest_of(example_bundle("E")).graphs
    assert (frame.scope, frame.horizon, clip.scope, clip.horizon) == ("person", "frame", "person", "clip")
    assert clip.takes() == ("features",)
    features = frame.output("features")
    assert features is not None
    assert clip.inputs[0].shape == ("N", 8, *features.shape[1:])
    assert clip.clip is not None
    assert clip.heads[0].labels == LABELS
