"""``edgeact deploy export`` from outside: a bundle comes of weights and labels, and bad ones leave nothing behind."""

from dataclasses import replace
from pathlib import Path

import pytest
from safetensors.torch import save_file
from typer.testing import CliRunner

from deploy.cli import app
from deploy.systems import find_system
from edgeact.bundle.load import load_bundle
from edgeact.errors import SourceFormatError, SourceNotFoundError, UsageError
from tests.example_bundles import EXAMPLES, LABELS, SIDE, seeded


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "b.safetensors"
    save_file(seeded("B").state_dict(), path)
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    path = tmp_path / "labels.txt"
    path.write_text("\n".join(LABELS) + "\n")
    return path


def export(*arguments: object) -> None:
    options = [str(argument) for argument in arguments]
    result = CliRunner().invoke(app, ["export", *options], catch_exceptions=False, standalone_mode=False)
    if result.exception is not None:
        raise result.exception


def test_weights_become_a_bundle(weights: Path, labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    given = ("--weights", weights, "--labels", labels, "--out", out, "--side", SIDE)
    export("B", *given, "--scope", "person", "--licence", "CC0-1.0")
    bundle = load_bundle(out)
    manifest = bundle.manifest
    # Persons are found and followed by the default bundle's graphs.
    assert [graph.name for graph in manifest.graphs] == ["detector", "pose", "person"]
    assert manifest.training["copied"] == {"bundle": "compact", "graphs": ["detector", "pose"]}
    assert [head.labels for head in bundle.plan.heads] == [LABELS]
    assert manifest.licence == "CC0-1.0"
    assert manifest.training["weights"]["file"] == "b.safetensors"
    assert (out / "MODEL_CARD.md").is_file()
    assert {path.name for path in tmp_path.iterdir()} == {"bundle", "b.safetensors", "labels.txt"}


def test_an_exit_is_chosen_and_a_map_that_there_is_not_is_refused(labels: Path, tmp_path: Path) -> None:
    weights, out = tmp_path / "weights.safetensors", tmp_path / "bundle"
    save_file(seeded("E").state_dict(), weights)
    given = ("--weights", weights, "--labels", labels, "--out", out, "--clip-length", 8)
    export("E", *given, "--exit", "1,2", "--side", SIDE)
    assert [graph.name for graph in load_bundle(out).manifest.graphs] == ["detector", "person", "clip"]
    with pytest.raises(UsageError, match="exit 3,1 does not exist; the network has 1,2"):
        export("E", *given, "--exit", "3,1", "--side", SIDE)
    with pytest.raises(UsageError, match=r"gated3d has no attention 'gradcamm'; it has .*gradcam"):
        export("C", *given, "--explain", "gradcamm")


@pytest.mark.parametrize("letter", EXAMPLES)
def test_labels_of_another_number_are_refused_by_every_network(letter: str) -> None:
    options = replace(EXAMPLES[letter].options, labels=("wave", "walk", "other"))
    with pytest.raises(UsageError, match="there are 3 labels, the network has 4 classes"):
        find_system(letter[0]).graphs(seeded(letter), options)


def test_bad_input_is_named_and_nothing_is_written(weights: Path, labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "bundle"
    few, other = tmp_path / "few.txt", tmp_path / "other.safetensors"
    few.write_text("wave\nwalk\n")
    state = seeded("B").state_dict()
    state["classifier.bias"] = state["classifier.bias"][:3].clone()
    state["surplus.weight"] = state.pop("human_branch.0.bias")
    save_file(state, other)
    common = ("--out", out, "--side", SIDE)
    with pytest.raises(UsageError, match="there are 2 labels, the network has 4 classes"):
        export("B", "--weights", weights, "--labels", few, *common)
    with pytest.raises(SourceFormatError) as refused:
        export("B", "--weights", other, "--labels", labels, *common)
    for part in (
        "missing: human_branch.0.bias",
        "left over: surplus.weight",
        "classifier.bias is (3,), the network's is (4,)",
    ):
        assert part in str(refused.value)
    with pytest.raises(UsageError, match="exit_at has no meaning for loss_guided"):
        export("B", "--weights", weights, "--labels", labels, "--exit", "2,1", *common)
    with pytest.raises(UsageError, match="--exit is '2;1'"):
        export("B", "--weights", weights, "--labels", labels, "--exit", "2;1", *common)
    with pytest.raises(UsageError, match="there is no network 'Z'"):
        export("Z", "--weights", weights, "--labels", labels, *common)
    with pytest.raises(SourceNotFoundError, match=r"gone\.txt"):
        export("B", "--weights", weights, "--labels", tmp_path / "gone.txt", *common)
    assert not out.exists()
    assert not list(tmp_path.glob(".*"))


def test_what_is_no_bundle_is_not_replaced(weights: Path, labels: Path, tmp_path: Path) -> None:
    out = tmp_path / "holiday"
    out.mkdir()
    (out / "beach.jpg").write_bytes(b"precious")
    with pytest.raises(UsageError, match="holds other things than a bundle"):
        export("B", "--weights", weights, "--labels", labels, "--out", out, "--side", SIDE)
    assert (out / "beach.jpg").read_bytes() == b"precious"
