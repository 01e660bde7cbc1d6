"""ONNX Runtime tells nobody what it runs."""

import os
import subprocess
import sys
from pathlib import Path


def test_onnx_runtime_keeps_no_identity_of_the_machine_and_tells_nobody(tmp_path: Path) -> None:
    """Where its telemetry is on, it writes an identity of the machine into the user's cache."""
    hidden = {"ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME"}
    around = {name: value for name, value in os.environ.items() if name not in hidden}
    code = "import edgeact.engine.onnx"
    subprocess.run([sys.executable, "-c", code], env={**around, "HOME": str(tmp_path)}, check=True)
    assert list(tmp_path.iterdir()) == []
