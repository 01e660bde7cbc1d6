"""The table of ``trainer/models/README.md``: every network's parameters, operations and time in ONNX Runtime.

``python -m deploy.network_table`` prints it; it takes about ten minutes, and nothing else should run beside it.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import onnxruntime
import torch
import typer
from rich.console import Console
from rich.progress import track
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from deploy.export import export_onnx
from edgeact.skeleton import BODY_21
from trainer.layers.attentional_pooling import GeneralizedAttentionalPooling, MeanPooling, RankOneAttentionalPooling
from trainer.models.attentional_pooling import AttentionalPoolingNetwork
from trainer.models.body_part_aware import BodyPartAwareNetwork, ensemble
from trainer.models.compact_classifier import CompactClassifier
from trainer.models.edge_net import EdgeClipNetwork, EdgeFrameNetwork
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.hrnet import W18_SMALL, W32, W48, HRNet, HRNetClassifier, HRNetPose
from trainer.models.i3d import EXPLAINED, I3d
from trainer.models.inception_resnet_v2 import InceptionResNetV2
from trainer.models.last_map import LastMap
from trainer.models.loss_guided import LossGuidedNetwork
from trainer.models.pose_action_pyramid import PENN_ACTION_2, PENN_ACTION_8, PoseActionPyramid, PyramidSize
from trainer.models.resnet import WIDTHS, resnet18, resnet50, resnet101
from trainer.models.resnext3d import resnext3d_50, resnext3d_101

_RUNS = 5
# Of pictures only the pose layers run, so only they are counted. An exit at pyramid 1, level 2 computes these of the
# first block, which paper E gives 2M; with an action block it has 2.46M.
_FIRST_BLOCK_POSES = replace(PENN_ACTION_2, pyramids=1, levels=2, actions=0)
_POSES_2, _POSES_8 = replace(PENN_ACTION_2, actions=0), replace(PENN_ACTION_8, actions=0)


@dataclass(frozen=True, slots=True)
class Row:
    """A network of the table: its name, where it comes from, how to make it, its input, and the parameters that are
    published.
    """

    name: str
    paper: str
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    published: str


class _Chosen(nn.Module):
    """What of a network's outputs a graph would give, as a tuple."""

    def __init__(
        self, network: nn.Module, choose: Callable[[nn.Module, torch.Tensor], tuple[torch.Tensor, ...]]
    ) -> None:
        super().__init__()
        self.network, self.choose = network, choose

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.choose(self.network, x)


def _body_part_aware() -> nn.Module:
    network = BodyPartAwareNetwork(
        HRNet(W32), W32.branch_channels, resnet18(0), resnet18(0), WIDTHS, joints=16, classes=40
    )

    def choose(module: nn.Module, large: torch.Tensor) -> tuple[torch.Tensor, ...]:
        output = module(nn.functional.avg_pool2d(large, 2), large)
        return ensemble(output), output.heat_maps, output.squares, output.attention

    return _Chosen(network, choose)


def _loss_guided(backbone: LastMap) -> nn.Module:
    network = LossGuidedNetwork(backbone, backbone.channels, 40)
    return _Chosen(network, lambda module, x: ((output := module(x)).scores, output.human))


def _pooled(pooling: nn.Module) -> nn.Module:
    network = AttentionalPoolingNetwork(LastMap(resnet101(0)), 2048, pooling)
    return _Chosen(network, lambda module, x: ((output := module(x)).pooled.scores, output.pose))


def _gated() -> nn.Module:
    channels = {"conv": 64, "layer1": 256, "layer2": 512, "layer3": 1024, "layer4": 2048}
    frames = {"conv": 16, "layer1": 8, "layer2": 4, "layer3": 2, "layer4": 1}
    gates = {name: LayerSize(channels[name], frames[name]) for name in channels}
    return _Chosen(GatedNetwork(ExplainedBackbone(resnext3d_101(51)), 51, gates), lambda module, x: (module(x)[1],))


def _gated_i3d() -> nn.Module:
    channels = dict(zip(EXPLAINED, (64, 480, 832, 1024), strict=True))
    frames = dict(zip(EXPLAINED, (8, 8, 4, 2), strict=True))  # of clips of 16
    gates = {name: LayerSize(channels[name], frames[name]) for name in EXPLAINED}
    return _Chosen(GatedNetwork(ExplainedBackbone(I3d(51)), 51, gates), lambda module, x: (module(x)[1],))


def _pyramid(size: PyramidSize) -> nn.Module:
    def choose(module: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        last = module(x)[-1]
        return (last.poses, last.confidence) if last.actions is None else (last.poses, last.confidence, last.actions)

    return _Chosen(PoseActionPyramid(size), choose)


def _frame_network(module: nn.Module, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    output = module(x)
    return output.poses, output.confidence, output.human, output.squares, output.still.scores, output.features


ROWS = (
    Row("compact backbone, classifier", "Sandler 2018", lambda: CompactClassifier(1000), (1, 3, 224, 224), "3.50"),
    Row("ResNet-18", "He 2016", resnet18, (1, 3, 224, 224), "11.69"),
    Row("ResNet-50", "He 2016", resnet50, (1, 3, 224, 224), "25.56"),
    Row("ResNet-101", "He 2016", resnet101, (1, 3, 224, 224), "44.55"),
    Row("HRNet-W18-small", "Wang 2020", lambda: HRNetClassifier(W18_SMALL), (1, 3, 224, 224), "13.19"),
    Row("HRNet-W32, pose", "Sun 2019", lambda: HRNetPose(W32, joints=17), (1, 3, 256, 192), "28.5"),
    Row("HRNet-W48, pose", "Sun 2019", lambda: HRNetPose(W48, joints=17), (1, 3, 256, 192), "63.6"),
    Row("Inception-ResNet-v2", "Szegedy 2017", InceptionResNetV2, (1, 3, 299, 299), "55.84"),
    Row("3D ResNeXt-50", "Hara 2018", resnext3d_50, (1, 3, 16, 112, 112), "26.69"),
    Row("3D ResNeXt-101", "Hara 2018", resnext3d_101, (1, 3, 16, 112, 112), "48.34"),
    Row("I3D", "Carreira 2017", I3d, (1, 3, 16, 224, 224), "12.70"),
    Row("A: three streams, HRNet-W32", "A", _body_part_aware, (1, 3, 512, 512), "–"),
    Row("B: loss-guided, ResNet-50", "B", lambda: _loss_guided(LastMap(resnet50(0))), (1, 3, 448, 448), "–"),
    Row(
        "B: loss-guided, Inception-ResNet-v2",
        "B",
        lambda: _loss_guided(LastMap(InceptionResNetV2(1, same_padding=True))),
        (1, 3, 448, 448),
        "–",
    ),
    Row("C: gated 3D ResNeXt-101, all layers", "C", _gated, (1, 3, 16, 112, 112), "–"),
    Row("C: gated I3D, all layers", "C", _gated_i3d, (1, 3, 16, 224, 224), "–"),
    Row("D: mean pooling, ResNet-101", "D", lambda: _pooled(MeanPooling(2048, 393)), (1, 3, 448, 448), "–"),
    Row(
        "D: rank-1 attentional pooling, ResNet-101",
        "D",
        lambda: _pooled(RankOneAttentionalPooling(2048, 393)),
        (1, 3, 448, 448),
        "–",
    ),
    Row(
        "D: generalized attentional pooling",
        "D",
        lambda: _pooled(GeneralizedAttentionalPooling(2048, 393)),
        (1, 3, 448, 448),
        "–",
    ),
    Row("E: first block, one picture", "E", lambda: _pyramid(_FIRST_BLOCK_POSES), (1, 3, 256, 256), "2"),
    Row("E: 2 pyramids, one picture", "E", lambda: _pyramid(_POSES_2), (1, 3, 256, 256), "–"),
    Row("E: 2 pyramids, clip", "E", lambda: _pyramid(PENN_ACTION_2), (1, 3, 8, 256, 256), "10"),
    Row("E: 8 pyramids, one picture", "E", lambda: _pyramid(_POSES_8), (1, 3, 256, 256), "–"),
    Row("E: 8 pyramids, clip", "E", lambda: _pyramid(PENN_ACTION_8), (1, 3, 8, 256, 256), "26"),
    Row("F: frame network", "ours", lambda: _Chosen(EdgeFrameNetwork(27), _frame_network), (1, 3, 192, 144), "–"),
    Row("F: clip network", "ours", lambda: EdgeClipNetwork(27), (1, 32, len(BODY_21.joints), 19), "–"),
)


def count(row: Row) -> tuple[float, float]:
    """Millions of parameters, and billions of operations for the row's input (a multiplication and its addition are
    two).
    """
    with torch.device("meta"):
        module = row.make().eval()
        counter = FlopCounterMode(display=False)
        with counter, torch.no_grad():
            module(torch.zeros(row.shape))
    return sum(p.numel() for p in module.parameters()) / 1e6, counter.get_total_flops() / 1e9


def milliseconds(row: Row) -> float:
    """Median time of a run in ONNX Runtime on one core."""
    torch.manual_seed(0)
    module, example = row.make().eval(), torch.randn(row.shape)
    with torch.no_grad():
        outputs = module(example)
    names = [f"output{index}" for index in range(len(outputs) if isinstance(outputs, tuple) else 1)]
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 3
    with tempfile.TemporaryDirectory(prefix="edgeact-networks-") as folder:
        path = Path(folder) / "network.onnx"
        export_onnx(module, example, path, input_name="input", output_names=names, free="")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    times = []
    for _ in range(_RUNS + 1):  # the first one also allocates
        began = time.perf_counter()
        session.run(None, {"input": example.numpy()})
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:]) * 1e3


def main() -> None:
    """Print the table as Markdown."""
    lines = [
        "| network | paper | input | parameters, M | published, M | GFLOPs | CPU ms |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in track(ROWS, description="networks", console=Console(stderr=True)):  # stdout is for the table alone
        parameters, operations = count(row)
        shape = "×".join(str(size) for size in row.shape[1:])
        figures = (
            f"{parameters:.2f}",
            row.published,
            f"{operations:.1f}" if operations >= 1 else f"{operations:.2f}",
            f"{milliseconds(row):.0f}",
        )
        lines.append(f"| {row.name} | {row.paper} | {shape} | {' | '.join(figures)} |")
    print("\n".join(lines))


if __name__ == "__main__":
    typer.run(main)
