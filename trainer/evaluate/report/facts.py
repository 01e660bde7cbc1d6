"""When and where a report's figures were measured, for the head of its page."""

import platform


def day_and_machine(created: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return date and machine as two (name, value) rows of a page's head.

    Args:
        created: The day, ``YYYY-MM-DD``.
    """
    machine = f"{platform.machine()}, {platform.system()}; one thread of the processor, ONNX Runtime"
    return ("measured", created), ("machine", machine)
