"""What an ONNX file says about itself, read from its bytes before ONNX Runtime sees them.

ONNX lets a file leave its weights elsewhere: a tensor may name a file, which the runtime opens relative to the current
folder. Such a graph is more than its hashed bytes, so it is refused. The file is one message of protocol buffers
(https://protobuf.dev/programming-guides/encoding), and this reader follows only the fields in which a tensor can be:
those of the graph, its sparse tensors, the attributes of its nodes (graphs of ``If``, ``Loop`` and ``Scan`` among
them), functions, and training information. It is stricter than protobuf: what it does not understand is an error.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from edgeact.errors import BundleError

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types; the other two (groups) no version of ONNX has used
_DEEPEST = 100  # messages within messages: the limit of protobuf's own readers
_MOST_FIELDS = 2_000_000  # the default bundle's graphs have some ten thousand

# By message: the fields that are messages themselves, by their number, as onnx.proto defines them.
_MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "opset", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
    "opset": {},
}
_IR_VERSION = 1  # of a model
_OP_TYPE = 4  # of a node
_TENSOR_NAME, _EXTERNAL_DATA, _DATA_LOCATION = 8, 13, 14  # of a tensor
_OPSET_DOMAIN, _OPSET_VERSION = 1, 2
_ORT_FORMAT = b"ORTM"  # ONNX Runtime's own format has this at its fifth byte


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What a graph was written for.

    Attributes:
        ir_version: Version of the file format; 0 where the file does not say.
        opsets: Version of the operators by domain; the domain of ONNX itself is ``ai.onnx``.
    """

    ir_version: int = 0
    opsets: dict[str, int] = field(default_factory=dict)


def read_onnx_file(content: bytes, *, name: str) -> OnnxFile:
    """Check that a graph is nothing but these bytes.

    Args:
        content: The bytes of the ``.onnx`` file.
        name: What to call the graph in messages.

    Raises:
        BundleError: It is no ONNX file, or it keeps tensors or compiled parts in other files.
    """
    if content[4:8] == _ORT_FORMAT:
        raise BundleError(f"graph {name!r} is in ONNX Runtime's own format; export it as ONNX")
    try:
        found, has_graph = _walk(memoryview(content), name)
    except _MalformedError as error:
        raise BundleError(f"graph {name!r} is no ONNX file ({error}); export the bundle again") from error
    if not has_graph:
        raise BundleError(f"graph {name!r} is no ONNX file (it holds no graph); export the bundle again")
    return found


class _MalformedError(Exception):
    """The bytes are no message of protocol buffers, or a field has another type than ONNX gives it."""


def _walk(content: memoryview, name: str) -> tuple[OnnxFile, bool]:
    ir_version, opsets, has_graph, fields = 0, dict[str, int](), False, 0
    waiting: list[tuple[str, memoryview, int]] = [("model", content, 0)]
    while waiting:
        kind, message, depth = waiting.pop()
        if depth > _DEEPEST:
            raise _MalformedError(f"more than {_DEEPEST} messages within each other")
        inner = _MESSAGES[kind]
        domain, version = "ai.onnx", 0
        for number, value in _fields(message):
            fields += 1
            if fields > _MOST_FIELDS:
                raise _MalformedError(f"more than {_MOST_FIELDS:,} fields")
            if number in inner:
                waiting.append((inner[number], _expect_bytes(value, kind, number), depth + 1))
                has_graph = has_graph or (kind == "model" and inner[number] == "graph")
            elif kind == "tensor" and number in (_EXTERNAL_DATA, _DATA_LOCATION):
                # The location may be stated as "in this file", which is 0.
                if value != 0 or number == _EXTERNAL_DATA:
                    raise BundleError(
                        f"graph {name!r} keeps {_tensor_name(message)} in another file, which no hash covers; export "
                        "it with all weights inside (no external data)"
                    )
            elif kind == "node" and number == _OP_TYPE and _text(_expect_bytes(value, kind, number)) == "EPContext":
                raise BundleError(
                    f"graph {name!r} was compiled for one device, with parts in other files or outside ONNX; export it "
                    "as plain ONNX"
                )
            elif kind == "model" and number == _IR_VERSION:
                ir_version = _expect_int(value, kind, number)
            elif kind == "opset" and number == _OPSET_DOMAIN:
                domain = _text(_expect_bytes(value, kind, number)) or domain
            elif kind == "opset" and number == _OPSET_VERSION:
                version = _expect_int(value, kind, number)
        if kind == "opset":
            opsets[domain] = version
    return OnnxFile(ir_version, opsets), has_graph


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Number and value of each field of a message: an int, or the bytes of what has a length."""
    position, end = 0, len(message)
    while position < end:
        tag, position = _read_varint(message, position)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number < 2**29:
            raise _MalformedError(f"a field has number {number}")
        if wire_type == _VARINT:
            value, position = _read_varint(message, position)
            yield number, value
            continue
        if wire_type == _BYTES:
            size, position = _read_varint(message, position)
        elif wire_type in (_FIXED32, _FIXED64):
            size = 4 if wire_type == _FIXED32 else 8
        else:
            raise _MalformedError(f"field {number} has wire type {wire_type}")
        if size > end - position:
            raise _MalformedError(f"field {number} ends after the file or after what it is part of")
        if wire_type == _BYTES:
            yield number, message[position : position + size]
        else:
            yield number, int.from_bytes(message[position : position + size], "little")
        position += size


def _read_varint(message: memoryview, position: int) -> tuple[int, int]:
    """A number of seven bits a byte, least first, and where it ends; at most 64 bits in ten bytes."""
    value = 0
    for index in range(10):
        if position + index >= len(message):
            raise _MalformedError("it breaks off")
        byte = message[position + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value & 0xFFFFFFFFFFFFFFFF, position + index + 1
    raise _MalformedError("a number has more than ten bytes")


def _expect_bytes(value: int | memoryview, kind: str, number: int) -> memoryview:
    if isinstance(value, int):
        raise _MalformedError(f"field {number} of a {kind} is a number")
    return value


def _expect_int(value: int | memoryview, kind: str, number: int) -> int:
    if not isinstance(value, int):
        raise _MalformedError(f"field {number} of a {kind} is no number")
    return value


def _tensor_name(message: memoryview) -> str:
    """How to call a tensor in a message; its fields may come in any order."""
    for number, value in _fields(message):
        if number == _TENSOR_NAME and isinstance(value, memoryview):
            return f"tensor {_text(value)!r}"
    return "a tensor"


def _text(value: memoryview) -> str:
    return bytes(value[:100]).decode("utf-8", errors="replace")
