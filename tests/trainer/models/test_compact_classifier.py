"""The published ImageNet weights in the compact backbone: they load, and they see what is in a photo."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from edgeact.errors import SourceFormatError
from edgeact.geometry import letterbox
from tests.trainer.models.network_checks import check_export, check_gradients
from tests.trainer.models.published_names import lines_of, read_golden
from trainer.data.read_picture import read_rgb
from trainer.layers.convolution import fold_normalisation
from trainer.models.compact_classifier import CLASSES, CompactClassifier, load_folded_classifier

# COCO's categories, and the classes of ImageNet that mean the same (in the file they come one later, behind
# "background").
SAME_THING = {
    "zebra": (340,), "bear": (294, 295, 296), "elephant": (101, 385, 386), "airplane": (404,), "cell phone": (487,),
    "keyboard": (508,),
    "laptop": (620, 681), "microwave": (651,), "mouse": (673,), "parking meter": (704,), "refrigerator": (760,),
    "remote": (761,),
    "tennis racket": (752,), "skis": (795,), "toaster": (859,), "toilet": (861,), "umbrella": (879,),
    "traffic light": (920,),
    "broccoli": (937,), "orange": (950,), "banana": (954,), "pizza": (963,),
}  # fmt: skip

PARAMETERS = 3_504_872  # as torchvision documents them, for 1000 classes


def folded(classes: int) -> CompactClassifier:
    torch.manual_seed(0)
    network = fold_normalisation(CompactClassifier(classes).eval())
    assert isinstance(network, CompactClassifier)
    return network


def by_published_name(network: CompactClassifier) -> dict[str, torch.Tensor]:
    return {
        name.replace("backbone.", "").replace("last.layers.", "blocks.16.").replace(".layers.", "."): value
        for name, value in network.state_dict().items()
    }


def write_folded(path: Path) -> CompactClassifier:
    network = folded(7)
    save_file({name: value.contiguous().half() for name, value in by_published_name(network).items()}, path)
    return network


def pictures(count: int, *, seed: int = 1) -> torch.Tensor:
    return torch.rand(count, 3, 32, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_names_shapes_and_parameters_are_the_published_ones() -> None:
    assert lines_of(by_published_name(folded(CLASSES))) == read_golden("mobilenet_v2_folded")
    assert sum(parameter.numel() for parameter in CompactClassifier(1000).parameters()) == PARAMETERS


@pytest.mark.data
def test_the_published_file_has_the_golden_names(shared_folder: Path) -> None:
    weights = load_file(shared_folder / "teachers/mobilenet_v2_imagenet_fp16.safetensors")
    assert lines_of(weights) == read_golden("mobilenet_v2_folded")
    folded_parameters = sum(value.numel() for value in weights.values())
    assert (
        folded_parameters == PARAMETERS + 1281 - 17_056
    )  # the class "background"; a folded layer has one bias for two numbers a channel


def test_every_parameter_learns() -> None:
    torch.manual_seed(0)
    check_gradients(CompactClassifier(4), pictures(8), torch.arange(8) % 4)


def test_the_graph_gives_what_the_network_gives(tmp_path: Path) -> None:
    """Folded, as graphs are exported."""
    check_export(folded(7), pictures(2), [pictures(3, seed=2), pictures(1, seed=3)], tmp_path)


@pytest.mark.parametrize("shape", [(2, 1, 32, 32), (3, 32, 32), (2, 3, 4, 32, 32)])
def test_what_is_no_batch_of_pictures_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=rf"pictures \(N, 3, H, W\) .* given {re.escape(str(shape))}"):
        CompactClassifier(7)(torch.zeros(shape))


def test_a_folded_file_gives_the_network_that_it_holds(tmp_path: Path) -> None:
    reference = write_folded(tmp_path / "weights.safetensors")
    found = load_folded_classifier(tmp_path / "weights.safetensors", classes=7)
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    assert torch.allclose(found(images), reference(images), atol=1e-2)
    maps, scores = found.explained(images)
    assert [value.shape[1] for value in maps.values()] == [24, 32, 96, 160, 1280]
    assert torch.equal(scores, found(images))


def test_a_file_that_lacks_a_block_is_refused(tmp_path: Path) -> None:
    write_folded(tmp_path / "weights.safetensors")
    weights = load_file(tmp_path / "weights.safetensors")
    del weights["blocks.16.1.bias"]
    save_file(weights, tmp_path / "less.safetensors")
    with pytest.raises(SourceFormatError, match=r"missing: last\.layers\.1\.bias"):
        load_folded_classifier(tmp_path / "less.safetensors", classes=7)


@pytest.mark.data
def test_the_published_weights_see_what_is_in_a_photo(shared_folder: Path) -> None:
    """Photos of COCO's validation sample that show a thing which ImageNet knows too: it is among the ten likeliest
    classes of most.
    """
    network = load_folded_classifier(shared_folder / "teachers/mobilenet_v2_imagenet_fp16.safetensors")
    folder = shared_folder / "data/coco_mini"
    annotations = json.loads((folder / "annotations/instances_val2017.json").read_text())
    names = {row["id"]: row["name"] for row in annotations["categories"]}
    things: dict[int, set[int]] = {}
    for row in annotations["annotations"]:
        classes = SAME_THING.get(names[row["category_id"]], ())
        things.setdefault(row["image_id"], set()).update(index + 1 for index in classes)
    seen = []
    for image in annotations["images"]:
        if wanted := things.get(image["id"]):
            picture = letterbox(read_rgb(folder / "val2017" / image["file_name"]), width=320, height=320)
            with torch.no_grad():
                scores = network(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1)[0]
            seen.append(bool(wanted & set(scores.topk(10).indices.tolist())))
    assert len(seen) == 42
    assert np.mean(seen) > 0.6  # measured .71; ten of a thousand classes drawn blindly would be right once in a hundred
