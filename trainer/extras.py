"""Whether what an extra brings is installed: asked before the first second of work, without importing any of it."""

from collections.abc import Sequence
from importlib.util import find_spec

from edgeact.errors import MissingExtraError

# The modules of each extra of pyproject.toml that a command needs; a test holds the two together.
MODULES = {
    "train": (
        *("torch", "safetensors", "moderngl", "onnx"),
        *("h5py", "cdflib", "defusedxml", "pycocotools", "sklearn", "tensorboard"),
    ),
    "label": ("ai_edge_litert",),
    "tracking": ("motrics", "cjm_byte_track"),
    "export": ("torch", "onnx", "onnxscript"),
}


def require_extras(command: str, extras: Sequence[str]) -> None:
    """Refuse to start a command whose packages are not installed.

    Args:
        command: As the user typed it.
        extras: Names of `MODULES`.

    Raises:
        MissingExtraError: Modules are missing; all are named, with the line that installs their extras.
    """
    lacking = {extra: [name for name in MODULES[extra] if find_spec(name) is None] for extra in extras}
    lacking = {extra: names for extra, names in lacking.items() if names}
    if lacking:
        missing = sorted({name for names in lacking.values() for name in names})
        verb = "is" if len(missing) == 1 else "are"
        install = f'pip install "edgeact[{",".join(lacking)}]"'
        raise MissingExtraError(f"{command} needs {', '.join(missing)}, which {verb} not installed: {install}")
