"""Tensors that an ONNX file stores in other files are found in every place where ONNX allows them."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, SparseTensorProto, TensorProto, helper

from edgeact.bundle.load import load_bundle
from edgeact.engine import onnx as backend
from edgeact.engine.onnx_file import _MESSAGES, OnnxFile, read_onnx_file
from edgeact.errors import BackendError, BundleError

FLOAT = TensorProto.FLOAT


def tensor(location: str | None = None) -> TensorProto:
    """Two floats, in the file or in another one."""
    made = helper.make_tensor("weights", FLOAT, [2], [1.0, 2.0])
    if location is not None:
        made.ClearField("float_data")
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="location", value=location)
    return made


def model(fill: Callable[[ModelProto], object] = lambda _: None) -> ModelProto:
    """``y = x``, with something added."""
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["y"])], "g", [value("x", FLOAT, [2])], [value("y", FLOAT, [2])]
    )
    made = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 18)])
    fill(made)
    return made


def graph_with(weights: TensorProto) -> GraphProto:
    return helper.make_graph([], "inner", [], [], initializer=[weights])


def node_with(**fields: object) -> NodeProto:
    node = NodeProto(op_type="Constant", output=["c"])
    node.attribute.append(AttributeProto(name="value", **fields))
    return node


PLACES: dict[str, Callable[[ModelProto, TensorProto], object]] = {
    "initializer": lambda m, t: m.graph.initializer.append(t),
    "values of a sparse initializer": lambda m, t: m.graph.sparse_initializer.append(SparseTensorProto(values=t)),
    "indices of a sparse initializer": lambda m, t: m.graph.sparse_initializer.append(SparseTensorProto(indices=t)),
    "constant": lambda m, t: m.graph.node.append(node_with(t=t)),
    "list of tensors": lambda m, t: m.graph.node.append(node_with(tensors=[t])),
    "sparse constant": lambda m, t: m.graph.node.append(node_with(sparse_tensor=SparseTensorProto(values=t))),
    "list of sparse": lambda m, t: m.graph.node.append(node_with(sparse_tensors=[SparseTensorProto(values=t)])),
    "branch or body": lambda m, t: m.graph.node.append(node_with(g=graph_with(t))),
    "list of graphs": lambda m, t: m.graph.node.append(node_with(graphs=[graph_with(t)])),
    "branch within a branch": lambda m, t: m.graph.node.append(
        node_with(g=GraphProto(node=[node_with(g=graph_with(t))]))
    ),
    "function": lambda m, t: m.functions.add().node.append(node_with(t=t)),
    "default of a function": lambda m, t: m.functions.add().attribute_proto.append(AttributeProto(name="a", t=t)),
    "training": lambda m, t: m.training_info.add().algorithm.initializer.append(t),
    "initialisation of training": lambda m, t: m.training_info.add().initialization.initializer.append(t),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_tensor_in_another_file_is_refused_wherever_it_is(place: str) -> None:
    inside = model(lambda made: PLACES[place](made, tensor()))
    assert read_onnx_file(inside.SerializeToString(), name="g") == OnnxFile(10, {"ai.onnx": 18})
    outside = model(lambda made: PLACES[place](made, tensor("weights.data")))
    with pytest.raises(BundleError, match="graph 'g' keeps tensor 'weights' in another file"):
        read_onnx_file(outside.SerializeToString(), name="g")


@pytest.mark.parametrize("only", ["data_location", "external_data"])
def test_each_half_of_the_statement_is_enough(only: str) -> None:
    weights = tensor("weights.data")
    weights.ClearField("external_data" if only == "data_location" else "data_location")
    outside = model(lambda made: made.graph.initializer.append(weights))
    with pytest.raises(BundleError, match="in another file"):
        read_onnx_file(outside.SerializeToString(), name="g")


def test_every_message_that_may_hold_a_tensor_is_followed() -> None:
    """Held against the definition that the installed onnx has, so that a field of a later version is noticed."""
    ours: dict[str, Any] = {
        "model": ModelProto, "training": onnx.TrainingInfoProto, "graph": GraphProto, "node": NodeProto,
        "function": onnx.FunctionProto, "attribute": AttributeProto, "sparse": SparseTensorProto,
        "tensor": TensorProto, "opset": onnx.OperatorSetIdProto,
    }  # fmt: skip
    names = {kind.DESCRIPTOR.full_name: name for name, kind in ours.items()}
    for name, kind in ours.items():
        fields = {
            found.number: names[found.message_type.full_name]
            for found in kind.DESCRIPTOR.fields
            if found.message_type is not None and found.message_type.full_name in names
        }
        if name == "function":
            del fields[kind.DESCRIPTOR.fields_by_name["opset_import"].number]  # the model's are the ones reported
        assert _MESSAGES[name] == fields, name
    # What is not followed holds no tensor, at any depth.
    seen = {found.message_type for kind in ours.values() for found in kind.DESCRIPTOR.fields if found.message_type}
    waiting = [found for found in seen if found.full_name not in names]
    while waiting:
        for found in waiting.pop().fields:
            assert found.message_type is None or found.message_type.full_name != TensorProto.DESCRIPTOR.full_name
            if found.message_type is not None and found.message_type not in seen:
                seen.add(found.message_type)
                waiting.append(found.message_type)


def test_the_graphs_that_ship_are_read() -> None:
    bundle = load_bundle()
    for graph in bundle.manifest.graphs:
        content = bundle.read_graph(graph)
        loaded = onnx.load_from_string(content)
        opsets = {opset.domain or "ai.onnx": opset.version for opset in loaded.opset_import}
        assert read_onnx_file(content, name=graph.name) == OnnxFile(loaded.ir_version, opsets)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    with contextlib.suppress(BundleError):
        read_onnx_file(content, name="g")


OUTSIDE = model(lambda made: [place(made, tensor("w")) for place in PLACES.values()]).SerializeToString()


@given(st.lists(st.tuples(st.integers(0, len(OUTSIDE) - 1), st.binary(max_size=3)), min_size=1, max_size=4))
def test_what_protobuf_reads_as_outside_is_refused_whatever_else_is_wrong(edits: list[tuple[int, bytes]]) -> None:
    content = OUTSIDE
    for position, replacement in edits:
        content = content[:position] + replacement + content[position + 1 :]
    try:
        outside = has_tensor_outside(ModelProto.FromString(content))
    except DecodeError:
        return
    if outside:
        with pytest.raises(BundleError):
            read_onnx_file(content, name="g")


def has_tensor_outside(message: object) -> bool:
    """Found by way of the generated classes, which is the way that ONNX Runtime goes."""
    if isinstance(message, TensorProto):
        return message.data_location == TensorProto.EXTERNAL or len(message.external_data) > 0
    for field, value in message.ListFields():  # type: ignore[attr-defined]
        if field.message_type is not None:
            values = value if field.is_repeated else [value]
            if any(has_tensor_outside(inner) for inner in values):
                return True
    return False


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "holds no graph"),
        (b"\x08\x0a", "holds no graph"),
        (model().SerializeToString()[:-1], "ends after the file"),
        (b"\x08" + b"\xff" * 11, "more than ten bytes"),
        (b"\x3b", "wire type 3"),
        (b"\x00\x00", "has number 0"),
        (b"\x38\x01", "field 7 of a model is a number"),
        (b"\x0a\x00", "field 1 of a model is no number"),
        (b"\x00\x00\x00\x00ORTM", "ONNX Runtime's own format"),
    ],
)
def test_what_is_no_onnx_file_says_why(content: bytes, why: str) -> None:
    with pytest.raises(BundleError, match=why):
        read_onnx_file(content, name="g")


def test_a_file_that_would_take_for_ever_to_read_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deep = b""
    for _ in range(60):
        for tag in (b"\x32", b"\x2a", b"\x0a"):  # the graph of an attribute of a node of a graph
            deep = (
                tag + (bytes([len(deep)]) if len(deep) < 128 else bytes([len(deep) & 127 | 128, len(deep) >> 7])) + deep
            )
    size = bytes([len(deep) & 127 | 128, len(deep) >> 7])
    with pytest.raises(BundleError, match="messages within each other"):
        read_onnx_file(b"\x3a" + size + deep, name="g")
    monkeypatch.setattr("edgeact.engine.onnx_file._MOST_FIELDS", 1000)
    with pytest.raises(BundleError, match="more than 1,000 fields"):
        read_onnx_file(b"\x08\x0a" * 1001, name="g")


def test_a_graph_that_was_compiled_for_a_device_is_refused() -> None:
    compiled = model(lambda made: made.graph.node.append(NodeProto(op_type="EPContext")))
    with pytest.raises(BundleError, match="compiled for one device"):
        read_onnx_file(compiled.SerializeToString(), name="g")


def test_onnx_runtime_itself_looks_for_other_files_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second line of defence, behind our reader: the current folder holds what the graph asks for."""

    def add(made: ModelProto) -> None:
        made.graph.initializer.append(tensor("weights.data"))
        made.graph.node[0].CopyFrom(helper.make_node("Add", ["x", "weights"], ["y"]))

    monkeypatch.chdir(tmp_path)
    np.ones(2, np.float32).tofile("weights.data")
    monkeypatch.setattr(backend, "read_onnx_file", lambda content, name: OnnxFile())
    with pytest.raises(BackendError, match=r"graph 'g' cannot be loaded"):
        backend.OnnxBackend(model(add).SerializeToString(), name="g")
