"""Load published weights: read the file without running code, map its names to ours, and say exactly what does not
fit.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from edgeact.errors import SourceFormatError, SourceNotFoundError

if TYPE_CHECKING:
    import onnx

# Files wrap their weights under one of these keys, or not at all.
_WRAPPERS = ("state_dict", "model", "model_state_dict")
_SHOWN = 5  # names in a message; more help nobody


def read_onnx_weights(path: Path, network: str) -> tuple["onnx.GraphProto", dict[str, torch.Tensor]]:
    """The graph of an ``.onnx`` file, and its weights by name.

    Args:
        path: The file.
        network: What it should be, for the message.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: It is no ONNX file.
    """
    import onnx  # only to read published weights

    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; give {network}'s ONNX file")
    try:
        graph = onnx.load(path).graph
        weights = {tensor.name: torch.tensor(onnx.numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    except Exception as error:  # an exception of protobuf, which only onnx depends on
        raise SourceFormatError(f"{path} is no ONNX file ({error}); give {network}'s") from error
    return graph, weights


def read_state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name of a ``.safetensors`` file, or of a ``torch.save`` file that holds tensors and plain values only.

    What wraps the tensors (``state_dict``, ``model``) and what training on several machines puts before their names
    (``module.``) is taken away.

    Raises:
        SourceNotFoundError: There is no such file.
        SourceFormatError: The file is neither, is damaged, holds code or holds no tensors.
    """
    if not path.is_file():
        raise SourceNotFoundError(f"{path} not found; give the file of the published weights")
    try:
        content = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except (SafetensorError, RuntimeError, ValueError, EOFError, OSError) as error:
        raise SourceFormatError(
            f"{path} cannot be read as weights ({_first_line(error)}); download it again"
        ) from error
    except (
        Exception
    ) as error:  # torch's refusal of code is an exception of the pickle module, which nothing here imports
        raise SourceFormatError(
            f"{path} holds more than tensors and plain values ({_first_line(error)}); convert it to safetensors"
        ) from error
    for key in _WRAPPERS:
        if isinstance(content, Mapping) and isinstance(content.get(key), Mapping):
            content = content[key]
    tensors = (
        {str(name): value for name, value in content.items() if isinstance(value, torch.Tensor)}
        if isinstance(content, Mapping)
        else {}
    )
    if not tensors:
        raise SourceFormatError(f"{path} holds no tensors by name; give a file of weights")
    if all(name.startswith("module.") for name in tensors):
        tensors = {name.removeprefix("module."): value for name, value in tensors.items()}
    return tensors


def load_published(
    model: nn.Module, path: Path, rename: Callable[[str], str | None], *, may_lack: tuple[str, ...] = ()
) -> list[str]:
    """Fill a network with published weights, all or nothing.

    Args:
        model: Filled in place, and only when everything fits.
        path: See `read_state_dict`.
        rename: Published name → ours; None for a tensor that the network leaves out on purpose.
        may_lack: Beginnings of our names that the file need not have, such as heads for other classes; they keep their
            values.

    Returns:
        Our names that the file did not fill, all of them allowed by ``may_lack``.

    Raises:
        SourceNotFoundError, SourceFormatError: The file cannot be read.
        SourceFormatError: Names are missing or left over, or shapes differ; each kind is listed.
    """
    wanted = model.state_dict()
    # Files older than PyTorch 0.4.1 do not count batches; nothing depends on that number.
    optional = tuple(name for name in wanted if name.startswith(may_lack) or name.endswith("num_batches_tracked"))
    found = match_published(
        path,
        {name: value.shape for name, value in wanted.items()},
        rename,
        network=type(model).__name__,
        optional=optional,
    )
    model.load_state_dict({name: value.to(wanted[name].dtype) for name, value in found.items()}, strict=False)
    return [name for name in optional if name not in found]


def match_published(
    path: Path,
    wanted: Mapping[str, torch.Size],
    rename: Callable[[str], str | None],
    *,
    network: str,
    optional: tuple[str, ...] = (),
) -> dict[str, torch.Tensor]:
    """Read published weights under our names, for those who fill a network otherwise than name by name.

    Args:
        path: See `read_state_dict`.
        wanted: Shape of each tensor by our name.
        rename: See `load_published`.
        network: What the message calls that which they do not fit.
        optional: Our names that the file need not have.

    Returns:
        Tensors by our name: all that are wanted, but of the optional ones only those that the file has.

    Raises:
        SourceNotFoundError, SourceFormatError: See `load_published`.
    """
    published = read_state_dict(path)
    found: dict[str, torch.Tensor] = {}
    unknown: list[str] = []
    for name, value in published.items():
        ours = rename(name)
        if ours is None:
            continue
        if ours in wanted:
            found[ours] = value
        else:
            unknown.append(name if ours == name else f"{name} (here {ours})")
    missing = [name for name in wanted if name not in found and name not in optional]
    shapes = [
        f"{name} is {tuple(value.shape)}, the network's is {tuple(wanted[name])}"
        for name, value in found.items()
        if value.shape != wanted[name]
    ]
    faults = [
        f"{kind}: {', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''}"
        for kind, names in (("missing", missing), ("left over", unknown), ("other shape", shapes))
        if names
    ]
    if faults:
        raise SourceFormatError(f"{path} does not fit {network}; {'; '.join(faults)}")
    return found


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0][:160]}" if text else type(error).__name__
