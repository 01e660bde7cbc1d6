"""The model card of an exported system, as Markdown: all of it comes from the manifest."""

from typing import Any

from edgeact.bundle.manifest import GraphSpec, HeadSpec, Manifest, TensorSpec, show_shape


def system_card(manifest: Manifest) -> str:
    """The bundle's ``MODEL_CARD.md``."""
    training = manifest.training
    system, weights = training.get("system"), training.get("weights")
    origin = [f"Made {manifest.created} with edgeact {training.get('edgeact', '')}."]
    if system:
        origin.append(f"Network {system['letter']} ({system['name']}): {system['title']}.")
    if weights:
        origin.append(f"Weights: `{weights['file']}`, sha256 `{weights['sha256']}`.")
    if copied := training.get("copied"):
        origin.append(f"Taken over from bundle {copied['bundle']}: {', '.join(copied['graphs'])}.")
    return f"""# Model card: {manifest.name} {manifest.version}

{" ".join(origin)}
Licence of the weights: {manifest.licence}.

## What it is

{_graphs(manifest)}

## Labels

{_labels(manifest)}

## How exactly it is the network

Largest difference between the ONNX file in ONNX Runtime and PyTorch, on pictures: places in pixels, 3D in metres,
everything else as it is (probabilities and maps reach 1).

{_parity(manifest)}

## How well it does

{_measured(training)}

## Not for

Deciding about people without a person who looks; identifying anybody; medical, legal or safety decisions.
"""


def _measured(training: dict[str, Any]) -> str:
    """Section of the card with figures and training data, if the manifest's training record has them."""
    if "measured" not in training:
        return (
            "Nothing was measured at export, and what the weights were trained on is known to whoever trained them: "
            "write it here."
        )
    parts = [_table(("figure", "value"), [(name, str(value)) for name, value in training["measured"].items()])]
    parts += training.get("notes", ())
    parts.append(_table(("data", "terms as stated"), [tuple(row) for row in training["data"]]))
    return "\n\n".join(parts)


def _graphs(manifest: Manifest) -> str:
    rows = [
        (
            f"`{graph.name}`",
            f"{graph.scope}/{graph.horizon}",
            ", ".join(_tensor(tensor) for tensor in graph.inputs),
            ", ".join(_tensor(tensor) for tensor in graph.outputs),
            _clip(graph),
        )
        for graph in manifest.graphs
    ]
    return _table(("graph", "scope", "takes", "gives", "clip"), rows)


def _tensor(tensor: TensorSpec) -> str:
    name = tensor.meaning if tensor.name == tensor.meaning else f"{tensor.meaning} `{tensor.name}`"
    return f"{name} {show_shape(tensor.shape)}"


def _clip(graph: GraphSpec) -> str:
    return "–" if graph.clip is None else f"{graph.clip.length} × {graph.clip.stride_seconds:.3g} s"


def _labels(manifest: Manifest) -> str:
    heads = [head for graph in manifest.graphs for head in graph.heads]
    if not heads:
        return "None: the bundle names no actions."
    if len({head.labels for head in heads}) == 1:
        names = ", ".join(f"`{head.name}`" for head in heads)
        return f"Of {'head' if len(heads) == 1 else 'heads'} {names}: {_head(heads[0])}"
    return "\n\n".join(f"Of head `{head.name}`: {_head(head)}" for head in heads)


def _head(head: HeadSpec) -> str:
    several = "several may be in force at once" if head.multi_label else "one at most is in force"
    other = f" `{head.other_label}` stands for everything else." if head.other_label else ""
    return f"{', '.join(f'`{label}`' for label in head.labels)}; {several}, from a score of {head.score} on.{other}"


def _parity(manifest: Manifest) -> str:
    rows: list[tuple[str, ...]] = []
    for graph, found in manifest.parity.items():
        for row in found:
            rows.append((f"`{graph}`", str(row["output"]), _figure(row["largest"]), _figure(row["mean"])))
    return _table(("graph", "output", "largest", "mean"), rows)


def _figure(value: Any) -> str:
    return f"{value:.1e}"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
