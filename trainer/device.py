"""Where trainings of pictures run: on the machine's GPU where there is one."""

import os

import torch


def training_device() -> torch.device:
    """The GPU that PyTorch sees (``CUDA_VISIBLE_DEVICES`` hides it), else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def drawing_threads(device: torch.device) -> int:
    """How many threads draw batches ahead: a GPU waits for them, a processor has none to spare."""
    return os.cpu_count() or 1 if device.type == "cuda" else 0
