"""A bundle of randomly initialised networks: written, read and run by the runtime."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from deploy.package import every_export, write_bundle
from edgeact.bundle.load import Bundle, load_bundle
from edgeact.engine.engine import Engine
from edgeact.engine.open import open_graph
from edgeact.errors import BundleIntegrityError
from edgeact.perception.perceiver import Perceiver
from edgeact.types import Frame
from tests.deploy.networks import CALIBRATION, random_networks, random_samples
from trainer.models.lifter import Lifter


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """With a lifter."""
    folder = tmp_path_factory.mktemp("made") / "bundle"
    return write_bundle(
        folder,
        replace(random_networks(), lifter=Lifter().eval()),
        CALIBRATION,
        random_samples(),
        name="random",
        version="0.0.1",
        created="2026-01-31",
        training={},
    )


def test_the_runtime_reads_it(bundle: Bundle) -> None:
    assert [graph.name for graph in bundle.manifest.graphs] == ["detector", "pose", "action", "explain", "lifter"]
    assert bundle.manifest.name == "random"
    assert bundle.plan.heads[0].score == CALIBRATION.action_score
    assert bundle.plan.detection.pixels == CALIBRATION.detection_pixels
    assert bundle.manifest.graphs[0].inputs[0].shape == (1, "H", "W", 3)
    assert not list(bundle.directory.parent.glob(".*"))  # nothing half is left beside it


def test_every_output_was_compared_with_pytorch(bundle: Bundle) -> None:
    outputs = {(name, row["output"]): row["largest"] for name, rows in bundle.manifest.parity.items() for row in rows}
    assert len(outputs) == 8
    # The weights are rounded before the comparison, so that what is left is the order of sums. Random distances reach
    # the decoder's largest, 1100 pixels: measured .008 pixels there, 5e-5 pixels for joints, 4e-6 and less for all that
    # lies in 0…1.
    assert outputs.pop(("detector", "boxes")) < 0.1
    assert max(outputs.values()) < 1e-3


def test_the_runtime_runs_it_on_a_frame(bundle: Bundle) -> None:
    perceiver = Perceiver(Engine(bundle))
    for index, shape in enumerate(((120, 160, 3), (90, 160, 3))):  # the detector's picture changes with the frame
        result = perceiver.process(Frame(index, index / 25, np.zeros(shape, np.uint8))).observation
        assert result.frame.index == index


def test_the_batch_of_persons_may_have_any_size(bundle: Bundle) -> None:
    graph = open_graph(bundle, bundle.graph("pose"))
    crops = random_samples().crops.numpy()
    together = graph.run({"image": crops})["joints"]
    alone = np.concatenate([graph.run({"image": crops[i : i + 1]})["joints"] for i in range(len(crops))])
    assert together.shape == (3, 21, 2)
    assert np.abs(together - alone).max() < 1e-3
    graph.close()


def test_weights_are_stored_in_half_the_bytes(bundle: Bundle) -> None:
    size = sum((bundle.directory / graph.file).stat().st_size for graph in bundle.manifest.graphs)
    parameters = sum(p.numel() for p in random_networks().pose.parameters())
    assert (bundle.directory / "pose.onnx").stat().st_size < 2.6 * parameters
    assert size < 13e6


def test_no_graph_names_a_file_of_this_machine(bundle: Bundle) -> None:
    for graph in bundle.manifest.graphs:
        assert not re.search(rb"[\w/]+\.py\b", (bundle.directory / graph.file).read_bytes())


def test_a_changed_graph_is_noticed(bundle: Bundle, tmp_path: Path) -> None:
    import shutil

    copy = tmp_path / "bundle"
    shutil.copytree(bundle.directory, copy)
    content = bytearray((copy / "pose.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (copy / "pose.onnx").write_bytes(content)
    with pytest.raises(BundleIntegrityError, match=r"pose\.onnx"):
        Perceiver(Engine(load_bundle(copy)))


def test_a_published_detector_beside_the_trained_one_has_looks_of_its_own() -> None:
    networks = random_networks(action=False)
    exports = every_export(
        replace(networks, published_detector=networks.detector),
        replace(CALIBRATION, published_pixels=(64 * 96,)),
        random_samples(),
    )
    looks = {export.name: export.detection.pixels for export in exports if export.detection is not None}
    assert looks == {"detector": CALIBRATION.detection_pixels, "detector_published": (64 * 96,)}
    assert [export.name for export in exports] == [*looks, "pose"]


def test_without_an_action_network_and_a_lifter_it_detects_and_poses_only() -> None:
    exports = every_export(random_networks(action=False), CALIBRATION, random_samples())
    assert [export.name for export in exports] == ["detector", "pose"]
