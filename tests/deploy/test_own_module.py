"""A module of one's own becomes a bundle; what cannot be exported is named, and nothing is left of it."""

from pathlib import Path

import pytest
import torch
from torch import nn

import deploy
from deploy import export_module
from edgeact.bundle.load import load_bundle
from edgeact.bundle.manifest import MANIFEST_NAME, Manifest, OutputMeaning
from edgeact.errors import BundleError, UsageError
from tests.tiny_bundle import build_tiny_bundle
from trainer.layers.pixels import SIGNED_UNIT


class Small(nn.Module):
    """Pictures (N, 3, H, W) → class scores (N, 2), a map (N, H/4, W/4)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.convolution, self.classifier = nn.Conv2d(3, 6, 4, 4), nn.Linear(6, 2)

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.relu(self.convolution(images))
        return self.classifier(x.mean((2, 3))), torch.sigmoid(x.mean(1))


class Singular(nn.Module):
    """Something that ONNX has no operator for."""

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return torch.linalg.svdvals(pixels.float().mean(3))[:, :2]


EXAMPLE = torch.randint(0, 255, (2, 16, 24, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_the_example_of_the_documentation_makes_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = (Path(deploy.__file__).parents[1] / "docs/export.md").read_text(encoding="utf-8")
    example = document.partition("<!-- own-module:begin -->")[2].partition("<!-- own-module:end -->")[0]
    monkeypatch.chdir(tmp_path)
    exec(example.strip().removeprefix("```python").removesuffix("```"), {"__name__": "example"})  # noqa: S102
    manifest = Manifest.model_validate_json((tmp_path / "stripes" / MANIFEST_NAME).read_text())
    (graph,) = manifest.graphs
    assert manifest.name == "stripes"
    assert [(t.name, t.meaning, t.shape, t.head) for t in graph.outputs] == [
        ("actions", "actions", ("N", 2), "action"),
        ("cells", "attention", ("N", 8, 12), "action"),
    ]
    assert graph.heads[0].labels == ("across", "along")


def test_an_operator_that_cannot_be_exported_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"scene\.onnx cannot be exported: ONNX has no operator for aten\..*svd"):
        export_module(Singular(), tmp_path / "mine", EXAMPLE, {"actions": "actions"}, labels=("yes", "no"))
    assert not list(tmp_path.iterdir())


def test_a_graph_that_is_not_its_network_is_refused_and_the_old_bundle_stays(tmp_path: Path) -> None:
    class Drifting(Small):
        """Gives another map when it is exported."""

        def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            scores, cells = super().forward(images)
            return scores, cells if torch.compiler.is_exporting() else cells + 1.0

    before = load_bundle(build_tiny_bundle(tmp_path / "mine")).digest
    outputs: dict[str, OutputMeaning] = {"actions": "actions", "map": "attention"}
    with pytest.raises(BundleError, match=r"scene\.onnx: map differs from PyTorch by 1 "):
        export_module(Drifting(), tmp_path / "mine", EXAMPLE, outputs, labels=("a", "b"), pixels=SIGNED_UNIT)
    assert load_bundle(tmp_path / "mine").digest == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    export_module(Small(), tmp_path / "mine", EXAMPLE, outputs, labels=("a", "b"), pixels=SIGNED_UNIT)
    assert load_bundle(tmp_path / "mine").digest != before


def test_labels_and_outputs_must_fit(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="3 labels, the network has 2 classes"):
        export_module(
            Small(),
            tmp_path / "mine",
            EXAMPLE,
            {"actions": "actions", "map": "attention"},
            labels=("a", "b", "c"),
            pixels=SIGNED_UNIT,
        )
    with pytest.raises(UsageError, match="gives 2 tensors, 1 are named"):
        export_module(
            Small(), tmp_path / "mine", EXAMPLE, {"actions": "actions"}, labels=("a", "b"), pixels=SIGNED_UNIT
        )
    with pytest.raises(UsageError, match=r"the example is \(2, 16, 24, 3\) torch\.float32"):
        export_module(Small(), tmp_path / "mine", EXAMPLE.float(), {"actions": "actions"}, labels=("a", "b"))
    assert not list(tmp_path.iterdir())
