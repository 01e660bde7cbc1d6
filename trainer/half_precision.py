"""Half precision for trainings on what computes in it."""

import torch


def half_where_native(device: torch.device | None = None) -> torch.autocast:
    """A context in which networks run in bfloat16 where the device multiplies it, and in float32 elsewhere; None is the
    processor.

    Emulated bfloat16 is far slower than float32: on an AVX2 processor a step of the pose network took ten times as
    long.
    """
    if device is not None and device.type != "cpu":
        return torch.autocast(device.type, torch.bfloat16)
    capabilities = torch.cpu.get_capabilities()
    native = any(bool(capabilities.get(name)) for name in ("amx_bf16", "avx512_bf16"))
    return torch.autocast("cpu", torch.bfloat16, enabled=native)
