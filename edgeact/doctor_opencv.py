"""OpenCV as the doctor sees it: whichever wheel brings ``cv2``, and how to mend it without hurting other packages.

Four wheels install the one module ``cv2``, and packages ask for one or another of them by name. The wheel installed
last is the one that is imported; uninstalling any of them takes the module away from all. So nothing is ever
uninstalled here: a wheel that is there already is put back, in its version and without its dependencies.
"""

import re
from importlib import metadata

from edgeact.installed import RUNTIME, installed_version, reinstall_command

# Those without windows first: they need no library of a desktop.
WHEELS = ("opencv-python-headless", "opencv-contrib-python-headless", "opencv-python", "opencv-contrib-python")


def installed_wheels() -> dict[str, str]:
    """Versions by name of the OpenCV wheels that are installed, as far as pip knows."""
    versions = {name: installed_version(name) for name in WHEELS}
    return {name: version for name, version in versions.items() if version is not None}


def try_opencv() -> str:
    """Use ``cv2`` as the pipeline does, and say which version it is and where it comes from.

    Raises:
        Exception: Anything that a missing, half removed or ill-fitting ``cv2`` raises.
    """
    import cv2
    import numpy as np

    picture = np.arange(8 * 10 * 3, dtype=np.uint8).reshape(8, 10, 3)
    written, png = cv2.imencode(".png", picture)
    read = cv2.imdecode(png, cv2.IMREAD_COLOR)
    if not written or read is None or not np.array_equal(read, picture):
        raise RuntimeError("cv2 does not read the picture that it wrote")
    if cv2.resize(read, (5, 4), interpolation=cv2.INTER_AREA).shape != (4, 5, 3):
        raise RuntimeError("cv2 does not resize")
    origin = ", ".join(f"{name} {version}" for name, version in installed_wheels().items())
    return f"cv2 {cv2.__version__} ({origin or 'not from a wheel'})"


def opencv_remedy(error: Exception) -> str:
    """The command that mends a ``cv2`` that failed with an error."""
    wheels = list(installed_wheels())
    if isinstance(error, ImportError) and (needed := (error.name or "").partition(".")[0]) in RUNTIME:
        return reinstall_command(needed)  # cv2 is there; what it imports is not
    if not wheels:
        return f"pip install {WHEELS[0]}"
    if ".so" in str(error) and not wheels[0].endswith("headless"):
        # A library of the desktop is missing here, which the headless wheel does without; its files replace the others.
        return f"pip install --no-deps {WHEELS[0]}"
    asked_for = _asked_for_by_others()
    wanted = [] if ".so" in str(error) else [name for name in wheels if name in asked_for]
    return f"{reinstall_command((wanted or wheels)[0])} (uninstalling one OpenCV wheel takes cv2 from the others too)"


def _asked_for_by_others() -> set[str]:
    """The OpenCV wheels that installed packages other than edgeact require."""
    names = set()
    for distribution in metadata.distributions():
        if (distribution.metadata["Name"] or "").lower() == "edgeact":
            continue
        for requirement in distribution.requires or ():
            name, _, marker = requirement.partition(";")
            if "extra" not in marker and (found := re.match(r"[A-Za-z0-9._-]+", name.strip())):
                names.add(re.sub(r"[-_.]+", "-", found.group()).lower())
    return names & set(WHEELS)
