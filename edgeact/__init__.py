"""edgeact: who does what in front of a camera, on your own hardware.

The names in ``__all__`` are the public API. Each is imported when it is first used, so that importing edgeact is quick.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgeact.api.annotate import annotate
    from edgeact.api.pipeline import Pipeline
    from edgeact.api.watch import watch
    from edgeact.batch.messages import BatchReport
    from edgeact.config import PipelineConfig
    from edgeact.errors import EdgeactError
    from edgeact.formats.supervision import to_supervision
    from edgeact.results.load import load_results
    from edgeact.results.records import Results
    from edgeact.types import Observation

# ONNX Runtime 1.31 has telemetry for its maker, which is on unless this is set before it is imported. Nothing may leave
# the machine unasked; who wants it sets the variable to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.1.0"

__all__ = [
    "BatchReport",
    "EdgeactError",
    "Observation",
    "Pipeline",
    "PipelineConfig",
    "Results",
    "annotate",
    "load_results",
    "to_supervision",
    "watch",
]

_MODULES = {
    "BatchReport": "edgeact.batch.messages",
    "EdgeactError": "edgeact.errors",
    "Observation": "edgeact.types",
    "Pipeline": "edgeact.api.pipeline",
    "PipelineConfig": "edgeact.config",
    "Results": "edgeact.results.records",
    "annotate": "edgeact.api.annotate",
    "load_results": "edgeact.results.load",
    "to_supervision": "edgeact.formats.supervision",
    "watch": "edgeact.api.watch",
}


if not TYPE_CHECKING:  # which would take every name, also a misspelt one, for an object

    def __getattr__(name: str) -> object:
        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(_MODULES[name]), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
