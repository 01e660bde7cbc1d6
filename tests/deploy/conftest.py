"""The exporter reads its table of all operators once a process.

By itself it does so for every graph, which takes about as long as a small graph. The table depends on the version of
the operators alone.
"""

from functools import cache

from torch.onnx._internal.exporter._registration import ONNXRegistry

ONNXRegistry.from_torchlib = staticmethod(cache(ONNXRegistry.from_torchlib))  # type: ignore[method-assign, assignment]
