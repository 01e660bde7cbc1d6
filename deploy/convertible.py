"""Which operators of a bundle's graphs TensorRT would not take, told without a GPU.

The list is that of TensorRT's parser for ONNX (`tensorrt_operators.txt`, whose head says where it comes from). What is
on it can be converted; that TensorRT builds an engine of it, how fast and how exactly, only a device shows. ONNX
Runtime runs the operators beside the list on the GPU or the CPU instead.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import onnx

from edgeact.bundle.load import Bundle

_LIST = Path(__file__).with_name("tensorrt_operators.txt")
_OWN_DOMAINS = ("", "ai.onnx")


@dataclass(frozen=True, slots=True)
class Convertibility:
    """Of one graph: how many operators it has, and those that TensorRT would not take, with their number."""

    graph: str
    operators: int
    outside: dict[str, int]


def check_bundle(bundle: Bundle) -> list[Convertibility]:
    """Look at every graph of a bundle.

    Raises:
        BundleIntegrityError: A graph's file is missing or was changed.
    """
    found = []
    for spec in bundle.manifest.graphs:
        model = onnx.load_from_string(bundle.read_graph(spec))
        nodes = list(_nodes(model.graph.node))
        outside = Counter(fault for node in nodes if (fault := _fault(node)) is not None)
        found.append(Convertibility(spec.name, len(nodes), dict(sorted(outside.items()))))
    return found


@lru_cache(maxsize=1)
def known_operators() -> frozenset[str]:
    """The operators of the list."""
    lines = _LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _nodes(nodes: Sequence[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """All nodes, also those of branches and loops."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from _nodes(attribute.g.node)


def _fault(node: onnx.NodeProto) -> str | None:
    """What of a node TensorRT would not take: the operator, or the part of it that the list's notes leave out."""
    if node.domain not in _OWN_DOMAINS:
        return f"{node.domain}.{node.op_type}"
    if node.op_type not in known_operators():
        return node.op_type
    if node.op_type == "MaxPool" and len(node.output) > 1 and node.output[1]:
        return "MaxPool with indices"
    reduction = next((attribute.s for attribute in node.attribute if attribute.name == "reduction"), b"none")
    if node.op_type == "ScatterND" and reduction != b"none":
        return "ScatterND with reduction"
    return None
