"""Network C as a bundle: actions of clips, and its attention as a plain graph that needs no autograd."""

import numpy as np
import pytest
import torch

from deploy.export import round_weights
from deploy.samples import demo_clips
from deploy.systems import check_options, find_system
from deploy.systems.gated3d import gated3d_network
from deploy.systems.system import ExportOptions
from edgeact.errors import UsageError
from tests.deploy.systems.graphs import ExampleBundle, manifest_of, run
from tests.example_bundles import CLIP_LENGTH, CLIP_SIDE, I3D, LABELS, seeded
from trainer.attribution.cam3d import cam3d, sum_cam3d
from trainer.attribution.gradcam import sum_gradcam
from trainer.layers.pixels import to_range
from trainer.models.gated3d import GatedNetwork

CLIPS = demo_clips(3, length=CLIP_LENGTH, height=CLIP_SIDE, width=CLIP_SIDE)


def gated(name: str) -> GatedNetwork:
    network = round_weights(seeded(name))
    assert isinstance(network, GatedNetwork)
    return network


@pytest.mark.parametrize("name", ["C", I3D])
@torch.no_grad()
def test_clips_are_classified(name: str, example_bundle: ExampleBundle) -> None:
    network = gated(name)
    assert network.pixel_range is not None
    expected = network(to_range(CLIPS, network.pixel_range))[1].softmax(1)
    found = run(example_bundle(name), "clip", CLIPS)["actions"]
    assert np.abs(found - expected.numpy()).max() < 1e-4


def test_attention_is_that_of_autograd(example_bundle: ExampleBundle) -> None:
    network = gated("C").requires_grad_(False)
    assert network.pixel_range is not None
    clip = CLIPS[2:]
    inputs = to_range(clip, network.pixel_range)
    found = run(example_bundle("C"), "explain", clip)
    wanted = {f"3dcam_{layer}": values for layer, values in cam3d(network, inputs).items()}
    sums = {
        "sum3dcam": sum_cam3d(network, inputs),
        "gradcam": sum_gradcam(network, inputs),
        "counterfactual": sum_cam3d(network, inputs, counterfactual=True),
    }
    wanted |= {name: values / values.max() for name, values in sums.items()}
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        assert found[name].shape == (1, CLIP_LENGTH, CLIP_SIDE, CLIP_SIDE)
        assert np.abs(found[name] - values.numpy()).max() < 0.01, name  # a gradient jumps where a ReLU's input is 0
    assert found["sum3dcam"].max() == pytest.approx(1)
    assert np.abs(found["sum3dcam"] - found["counterfactual"]).max() > 0.1


def test_the_manifest_names_the_maps_of_each_layer(example_bundle: ExampleBundle) -> None:
    clip, explain = manifest_of(example_bundle("C")).graphs
    assert (clip.scope, clip.horizon, clip.takes()) == ("scene", "clip", ("pictures",))
    assert clip.clip is not None
    assert clip.clip.length == CLIP_LENGTH
    assert explain.clip == clip.clip
    layers = ["3dcam_conv", "3dcam_layer1", "3dcam_layer2", "3dcam_layer3", "3dcam_layer4"]
    assert [tensor.name for tensor in explain.outputs] == [*layers, "sum3dcam", "gradcam", "counterfactual"]
    assert {tensor.head for tensor in explain.outputs} == {clip.heads[0].name}


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(UsageError, match="gated3d has no attention 'lime'; it has 3dcam, sum3dcam"):
        check_options(find_system("C"), ExportOptions(labels=LABELS, explain=("lime",)))
    shapes = {name: tuple(value.shape) for name, value in seeded("C").state_dict().items() if "gates" not in name}
    with pytest.raises(UsageError, match=r"gates\.conv\.fc\.weight is missing"):
        gated3d_network(shapes, ExportOptions(labels=LABELS, clip_length=CLIP_LENGTH, side=CLIP_SIDE))
