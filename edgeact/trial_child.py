"""What runs in the process that `edgeact.trial` starts."""

import contextlib
import os
import resource
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import psutil

from edgeact.bundle.load import load_bundle
from edgeact.engine.base import Array
from edgeact.engine.open import open_graph
from edgeact.engine.tensors import check_values
from edgeact.errors import BackendError, BundleIntegrityError, EdgeactError
from edgeact.trial import pack_arrays, unpack_arrays

_LARGEST_ANSWER = 256 * 2**20  # bytes; a sound bundle's have a few million


def main(arguments: Sequence[str]) -> None:
    """Read inputs from stdin, run the graph, write outputs to stdout.

    Args:
        arguments: Folder and digest of the bundle, the graph's name, the device, bytes that may be used.
    """
    directory, digest, name, device, memory = arguments
    answer = os.dup(1)
    os.dup2(2, 1)  # whatever a library prints is no part of the answer
    inputs, _ = unpack_arrays(sys.stdin.buffer.read())
    _limit(int(memory) if device == "cpu" else None)
    try:
        outputs, summary = _try(Path(directory), digest, name, device, inputs)
        size = sum(array.nbytes for arrays in outputs for array in arrays.values())
        if size > _LARGEST_ANSWER:
            raise BackendError(f"graph {name!r} gives {size:,} bytes for a few pictures; use another bundle")
        content = pack_arrays(outputs, summary)
    except EdgeactError as error:
        content = pack_arrays([], {"error": type(error).__name__, "message": str(error)})
    except MemoryError:
        message = f"graph {name!r} needs more than {int(memory) / 2**30:g} GiB; use another bundle"
        content = pack_arrays([], {"error": BackendError.__name__, "message": message})
    with os.fdopen(answer, "wb") as file:
        file.write(content)


def _limit(memory: int | None) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if memory is None:
        return
    used = int(psutil.Process().memory_info().vms)
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = used + memory
    with contextlib.suppress(ValueError, OSError):  # macOS does not let every limit be set
        resource.setrlimit(resource.RLIMIT_AS, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))


def _try(
    directory: Path, digest: str, name: str, device: str, inputs: Sequence[Mapping[str, Array]]
) -> tuple[list[dict[str, Array]], dict[str, object]]:
    bundle = load_bundle(directory)
    if bundle.digest != digest:
        raise BundleIntegrityError(f"{directory} was changed while it was looked at; try again")
    graph = bundle.graph(name)
    backend = open_graph(bundle, graph, device=device)
    outputs = []
    for arrays in inputs:
        outputs.append(backend.run(arrays))
        check_values(graph, arrays, outputs[-1])
    began = time.perf_counter()
    backend.run(inputs[0])  # the first run also allocated
    return outputs, {"provider": backend.provider, "seconds": time.perf_counter() - began}
