"""One graph, run in a process of its own that has a limit of time and of memory.

A graph can be made to run for ever or to ask for all memory there is, and nothing stops it while ONNX Runtime is in one
operator. So whoever only wants to know whether a graph is sound runs it here.
"""

import io
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeact import errors
from edgeact.bundle.load import Bundle
from edgeact.bundle.manifest import GraphSpec
from edgeact.engine.base import Array
from edgeact.errors import BackendError, EdgeactError

_SUMMARY = "summary"  # beside the arrays

# The child imports what this process imports, whatever the current folder holds: -I keeps that out of the search path.
_CHILD = "import sys; sys.path[:] = sys.argv[6:]; from edgeact.trial_child import main; main(sys.argv[1:6])"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a trial may take.

    Attributes:
        seconds: From the start of the process to its end.
        memory: Bytes beyond what an empty process takes; only on the CPU, because GPU drivers reserve far more
            addresses than they use.
    """

    seconds: float
    memory: int = 4 * 2**30


@dataclass(frozen=True, slots=True)
class Trial:
    """Result of running a graph in a process of its own.

    Attributes:
        provider: The execution provider that ran the graph.
        seconds: Of a second run on the first input.
        outputs: By name, of each input.
    """

    provider: str
    seconds: float
    outputs: tuple[dict[str, Array], ...]


def try_graph(
    bundle: Bundle, graph: GraphSpec, inputs: Sequence[Mapping[str, Array]], *, device: str, limits: Limits
) -> Trial:
    """Open a graph as the runtime does, run it on each input, and check what it gives.

    Args:
        bundle: Where the graph comes from.
        graph: One of the bundle's graphs.
        inputs: Arrays by name, at least one set of them.
        device: See `open_graph`.
        limits: After these it is ended.

    Raises:
        EdgeactError: As `open_graph`, `Backend.run` and `check_values` raise it.
        BackendError: A limit was reached, or the process broke down.
    """
    command = [sys.executable, "-I", "-c", _CHILD]
    command += [str(bundle.directory.absolute()), bundle.digest, graph.name, device, str(limits.memory), *sys.path]
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter, and no shell
            command, input=pack_arrays(inputs, {}), capture_output=True, timeout=limits.seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise BackendError(
            f"graph {graph.name!r} did not finish within {limits.seconds:g} s and was ended; use another bundle"
        ) from error
    except OSError as error:
        raise BackendError(
            f"graph {graph.name!r} cannot be tried: {sys.executable} does not start ({error.strerror})"
        ) from error
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        how = f"signal {-done.returncode}" if done.returncode < 0 else f"exit code {done.returncode}"
        raise BackendError(
            f"graph {graph.name!r} made its process end with {how} ({' '.join(last) or 'without a word'}); it may use "
            f"{limits.memory / 2**30:g} GiB: use another bundle"
        )
    outputs, summary = unpack_arrays(done.stdout)
    if "error" in summary:
        raise _error(summary["error"], summary["message"])
    return Trial(summary["provider"], summary["seconds"], tuple(outputs))


def _error(name: str, message: str) -> EdgeactError:
    kind = getattr(errors, name, BackendError)
    found: EdgeactError = kind(message)
    return found


def pack_arrays(sets: Sequence[Mapping[str, Array]], summary: Mapping[str, object]) -> bytes:
    """Sets of named arrays, and a summary that JSON can hold, as bytes (NumPy's format, nothing pickled)."""
    # Names may be anything, those of files within an archive may not.
    names = [list(arrays) for arrays in sets]
    flat = {f"{i}_{j}": sets[i][name] for i, found in enumerate(names) for j, name in enumerate(found)}
    text = json.dumps({"names": names, "summary": dict(summary)})
    buffer = io.BytesIO()
    np.savez(buffer, **{_SUMMARY: np.frombuffer(text.encode(), np.uint8)}, **flat)  # type: ignore[arg-type]
    return buffer.getvalue()


def unpack_arrays(content: bytes) -> tuple[list[dict[str, Array]], dict[str, Any]]:
    """What `pack_arrays` packed."""
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        text = json.loads(archive[_SUMMARY].tobytes())
        sets = [{name: archive[f"{i}_{j}"] for j, name in enumerate(found)} for i, found in enumerate(text["names"])]
    return sets, text["summary"]
