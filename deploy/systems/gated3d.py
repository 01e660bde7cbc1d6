"""System C: a gated 3D network as one graph over clips of pictures, and its attention as a second one.

The explain graph holds forward and backward pass in one, without autograd; all maps come of the same pass. Shapes: N
clips, T frames of H×W pixels, A actions.
"""

from functools import partial

import torch
from torch import nn

from deploy.explain import trace_gradient
from deploy.export import round_weights
from deploy.graph_export import GraphExport, given, taken
from deploy.samples import demo_clips
from deploy.systems.backbones import i3d, resnext3d
from deploy.systems.system import PERSON_CROP, ExportOptions, Shapes, System, shape_of
from edgeact.bundle.manifest import ClipSpec
from trainer.attribution.cam3d import cams_of
from trainer.attribution.gradcam import gradcams_of
from trainer.attribution.gradients import layer_gradients
from trainer.attribution.upsample import over_maximum
from trainer.layers.pixels import PixelRange, to_range
from trainer.models.gated3d import ExplainedBackbone, GatedNetwork, LayerSize
from trainer.models.i3d import I3d

HEAD = "clip"
CLIP_LENGTH = 16  # section 4, "Models"
CLIP_STRIDE = 1 / 25  # successive frames of UCF's 25 a second
_RESNEXT_SIDE, _I3D_SIDE = 112, 224
METHODS = ("3dcam", "sum3dcam", "gradcam", "counterfactual")
_NETWORK = "a gated 3D network"


class GatedGraph(nn.Module):
    """Clips (N, T, H, W, 3) uint8 RGB → probabilities (N, A)."""

    def __init__(self, network: GatedNetwork, pixel_range: PixelRange, options: ExportOptions) -> None:
        super().__init__()
        self.network, self.pixel_range, self.options = network, pixel_range, options

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Probabilities."""
        return self.options.probabilities(self.network(to_range(pictures, self.pixel_range))[1])


class AttentionGraph(nn.Module):
    """One clip (1, T, H, W, 3) uint8 RGB → the maps of `attention_maps`."""

    def __init__(self, traced: nn.Module, pixel_range: PixelRange) -> None:
        super().__init__()
        self.traced, self.pixel_range = traced, pixel_range

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The maps."""
        return tuple(self.traced(to_range(pictures, self.pixel_range)))


def attention_maps(network: nn.Module, methods: tuple[str, ...], clips: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Maps (N, T, H, W) of the predicted action in 0..1, of one forward and backward pass: clips (N, 3, T, H, W),
    normalised.

    In the order of `map_names`. Sums over layers are divided by their largest value.

    Args:
        network: A gated network, or another `trainer.attribution.gradients.Explained`.
        methods: Of `METHODS`.
        clips: Must want a gradient (`deploy.explain.trace_gradient` sees to it).
    """
    found, size = layer_gradients(network, clips), tuple(clips.shape[2:])
    maps: list[torch.Tensor] = []
    for method in methods:
        if method == "gradcam":
            layers = gradcams_of(found, size)
        else:
            layers = cams_of(found, size, counterfactual=method == "counterfactual")
        if method == "3dcam":
            maps += layers.values()
        else:
            maps.append(over_maximum(torch.stack(list(layers.values())).sum(0)))
    return tuple(maps)


def map_names(methods: tuple[str, ...], layers: tuple[str, ...]) -> tuple[str, ...]:
    """What the maps of `attention_maps` are called: 3DCAM has one for each layer."""
    names: list[str] = []
    for method in methods:
        names += [f"3dcam_{layer}" for layer in layers] if method == "3dcam" else [method]
    return tuple(names)


def gated3d_network(shapes: Shapes, options: ExportOptions) -> GatedNetwork:
    """The network that has weights of these shapes; they tell the two backbones apart.

    How many frames a gate reads follows from the length of the clips, which its weights do not say: where they were
    trained for other clips, the weights do not fit.

    Raises:
        UsageError: They are not those of a gated 3D network.
    """
    is_i3d = "backbone.network.Conv3d_1a_7x7.conv3d.weight" in shapes
    make = partial(i3d if is_i3d else resnext3d, shapes, "backbone.network.")
    shape = (1, 3, options.clip_length or CLIP_LENGTH, *2 * [options.side or (_I3D_SIDE if is_i3d else _RESNEXT_SIDE)])
    with torch.device("meta"):  # only sizes are asked for
        layers, scores = ExplainedBackbone(make()).eval()(torch.empty(shape))
    gates = {
        name: LayerSize(layer.shape[1], layer.shape[2])
        for name, layer in layers.items()
        if f"gates.{name}.fc.weight" in shapes
    }
    if not gates:
        shape_of(shapes, f"gates.{next(iter(layers))}.fc.weight", network=_NETWORK)
    return GatedNetwork(ExplainedBackbone(make()), scores.shape[1], gates)


def gated3d_graphs(network: nn.Module, options: ExportOptions) -> list[GraphExport]:
    """The clip graph, and the explain graph where methods are named."""
    assert isinstance(network, GatedNetwork)
    assert network.pixel_range is not None
    round_weights(network.eval().requires_grad_(False))
    is_i3d = isinstance(network.backbone.network, I3d)
    side, length = options.side or (_I3D_SIDE if is_i3d else _RESNEXT_SIDE), options.clip_length or CLIP_LENGTH
    clips = demo_clips(2, length=length, height=side, width=side)
    with torch.no_grad():
        layers, scores = network(to_range(clips[:1], network.pixel_range))
    head = options.head(HEAD, scores.shape[1])
    scope = options.scope or "scene"
    crop = PERSON_CROP if scope == "person" else None
    clip = ClipSpec(length=length, stride_seconds=options.clip_stride or CLIP_STRIDE)
    exports = [
        GraphExport(
            name="clip",
            scope=scope,
            horizon="clip",
            module=GatedGraph(network, network.pixel_range, options),
            samples=(clips, clips[:1]),
            input=taken("pictures", ("N", length, side, side, 3), name="pictures"),
            outputs=(given("actions", ("N", len(head.labels)), head=HEAD),),
            crop=crop,
            clip=clip,
            heads=(head,),
        )
    ]
    if options.explain:
        traced = trace_gradient(
            partial(attention_maps, network, options.explain), to_range(clips[:1], network.pixel_range)
        )
        names = map_names(options.explain, tuple(layers))
        exports.append(
            GraphExport(
                name="explain",
                scope=scope,
                horizon="clip",
                module=AttentionGraph(traced, network.pixel_range),
                samples=clips.split(1),
                input=taken("pictures", (1, length, side, side, 3), name="pictures"),
                outputs=tuple(given("attention", (1, length, side, side), name=name, head=HEAD) for name in names),
                crop=crop,
                clip=clip,
            )
        )
    return exports


GATED_3D = System(
    letter="C",
    name="gated3d",
    title="Weakly-Supervised Action Localization, and Action Recognition using Global-Local Attention of 3D CNN",
    network=gated3d_network,
    graphs=gated3d_graphs,
    options=frozenset({"multi_label", "side", "scope", "explain", "clip_length", "clip_stride"}),
    explains=METHODS,
)
