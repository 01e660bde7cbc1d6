"""The Lite-HRNet of PP-TinyPose and the weights that it takes from there."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from edgeact.errors import SourceFormatError, SourceNotFoundError
from edgeact.skeleton import BODY_21
from tests.trainer.published_tinypose import PublishedTinyPose, random_weights, write_weights
from trainer.inputs.crop_size import InputSize
from trainer.models.edge_pose import EdgePose, start_from_tinypose
from trainer.models.lite_hrnet import LiteHRNet, load_tinypose

SIZE = InputSize(64, 96)
PICTURES = torch.randn(2, 3, 64, 96, generator=torch.Generator().manual_seed(3))


@pytest.mark.data
def test_the_reference_of_these_tests_is_the_published_network(shared_folder: Path) -> None:
    path = shared_folder / "teachers/tinypose_256x192.onnx"
    values = {
        tensor.name: torch.tensor(onnx.numpy_helper.to_array(tensor)) for tensor in onnx.load(path).graph.initializer
    }
    weights = [
        (values[f"convs.Conv_{index}.weight"], values[f"convs.Conv_{index}.bias"]) for index in range(len(values) // 2)
    ]
    picture = torch.randn(1, 3, 256, 192, generator=torch.Generator().manual_seed(0))
    published = onnxruntime.InferenceSession(str(path)).run(None, {"image": picture.numpy()})[0]
    assert (
        np.abs(PublishedTinyPose(weights)(picture).numpy() - published).max() < 1e-5
    )  # measured 7e-7; heat maps reach .1 on noise


def test_the_whole_network_computes_as_published(tmp_path: Path) -> None:
    weights = random_weights()
    whole = LiteHRNet().eval()
    last_weight, last_bias = load_tinypose(whole, write_weights(tmp_path / "tinypose.onnx", weights))
    wanted = PublishedTinyPose(weights)(PICTURES)
    with torch.no_grad():
        found = torch.nn.functional.conv2d(whole(PICTURES), last_weight, last_bias)
    assert (found - wanted).abs().max() < 1e-4 * wanted.abs().max()


def test_joints_that_coco_lacks_start_between_their_neighbours(tmp_path: Path) -> None:
    network = EdgePose(SIZE).eval()
    start_from_tinypose(network, write_weights(tmp_path / "tinypose.onnx", random_weights()))
    with torch.no_grad():
        maps = network(PICTURES)
    shoulders = maps[:, [BODY_21.index("left_shoulder"), BODY_21.index("right_shoulder")]].mean(1)
    assert torch.allclose(maps[:, BODY_21.index("thorax")], shoulders, atol=1e-5)


def test_training_computes_what_evaluation_does(tmp_path: Path) -> None:
    """Strided depthwise convolutions take another way in training."""
    network = EdgePose(SIZE)
    start_from_tinypose(network, write_weights(tmp_path / "tinypose.onnx", random_weights()))
    trained, wanted = network.train()(PICTURES), network.eval()(PICTURES)
    assert (trained - wanted).abs().max() < 1e-5 * wanted.abs().max()


def test_other_files_are_refused_and_nothing_changes(tmp_path: Path) -> None:
    network = LiteHRNet()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    weights = random_weights()
    with pytest.raises(SourceNotFoundError, match=r"nowhere\.onnx not found; give PP-TinyPose's ONNX file"):
        load_tinypose(network, tmp_path / "nowhere.onnx")
    (tmp_path / "text.onnx").write_text("no network at all")
    with pytest.raises(SourceFormatError, match=r"text\.onnx is no ONNX file"):
        load_tinypose(network, tmp_path / "text.onnx")
    with pytest.raises(SourceFormatError, match=r"short\.onnx has 268 convolutions, PP-TinyPose has 269"):
        load_tinypose(network, write_weights(tmp_path / "short.onnx", weights[:-1]))
    other = [*weights[:20], (torch.zeros(3, 3, 1, 1), torch.zeros(3)), *weights[21:]]
    with pytest.raises(
        SourceFormatError, match=r"other\.onnx is no PP-TinyPose, its convolutions differ: \(3, 3, 1, 1\) for"
    ):
        load_tinypose(network, write_weights(tmp_path / "other.onnx", other))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_pictures_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="pictures are 100×64; sides are multiples of 32"):
        LiteHRNet()(torch.zeros(1, 3, 64, 100))
