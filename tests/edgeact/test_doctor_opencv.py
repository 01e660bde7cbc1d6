"""OpenCV's four wheels share one module: whichever is there is used, and mending it hurts nobody else."""

import re
import sys
from importlib import metadata
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement

from edgeact import doctor
from edgeact.doctor_opencv import WHEELS, installed_wheels, opencv_remedy, try_opencv


def install(folder: Path, name: str, version: str, *requires: str) -> None:
    """What pip leaves of a package, but for its modules."""
    information = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    information.mkdir(parents=True)
    lines = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {line}" for line in requires)]
    (information / "METADATA").write_text("\n".join(["Metadata-Version: 2.1", *lines]) + "\n")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty environment: only what a test installs into this folder counts as installed."""
    real_version, real_all = metadata.version, metadata.distributions

    def version(name: str) -> str:
        found = next(iter(real_all(name=name, path=[str(tmp_path)])), None)
        if found is None:
            raise metadata.PackageNotFoundError(name)
        return found.version

    monkeypatch.setattr(metadata, "version", version)
    monkeypatch.setattr(metadata, "distributions", lambda: real_all(path=[str(tmp_path)]))
    assert real_version("opencv-python-headless")
    return tmp_path


def install_beside_supervision(site: Path) -> None:
    """Edgeact in an environment with supervision, which asks for the wheel with windows."""
    own = ("numpy>=1.26", "opencv-python-headless>=4.8.1.78", 'onnx>=1.17 ; extra == "train"')
    install(site, "edgeact", "0.1.0", *own)
    install(site, "opencv-python-headless", "4.12.0.88", "numpy>=2")
    install(site, "opencv-python", "4.10.0.84", "numpy>=1.21")
    install(site, "supervision", "0.26.1", "numpy>=1.21.2", "opencv-python>=4.5.5.64,<4.12", "scipy")


def broken_requirements(installed: dict[str, str]) -> list[str]:
    """Requirements on OpenCV that such versions do not meet."""
    found = metadata.distributions()
    lines = [Requirement(line) for distribution in found for line in distribution.requires or ()]
    return [
        str(line)
        for line in lines
        if line.name.startswith("opencv") and not line.specifier.contains(installed.get(line.name, "0"))
    ]


@pytest.mark.parametrize("wheel", WHEELS)
def test_any_wheel_will_do(wheel: str, site: Path) -> None:
    install(site, wheel, "4.12.0.88")
    (found,) = doctor._opencv()
    assert (found.state, found.remedy) == ("ok", "")
    assert f"({wheel} 4.12.0.88)" in found.found


def test_no_wheel_will_do_too_as_long_as_the_module_works(site: Path) -> None:
    (found,) = doctor._opencv()
    assert found.state == "ok"
    assert "not from a wheel" in found.found


def test_installed_beside_opencv_python_and_supervision_nothing_is_to_be_done(site: Path) -> None:
    install_beside_supervision(site)
    (found,) = doctor._opencv()
    assert (found.state, found.remedy) == ("ok", "")
    assert "opencv-python-headless 4.12.0.88, opencv-python 4.10.0.84" in found.found


def test_the_remedy_breaks_no_other_package(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody uninstalled one wheel and put its metadata back, or an installation broke off: cv2 is gone."""
    install_beside_supervision(site)
    monkeypatch.setitem(sys.modules, "cv2", None)
    (found,) = doctor._opencv()
    assert found.state == "fail"
    assert "ok" not in found.found
    command = re.match(r"pip install --force-reinstall --no-deps ([a-z-]+)==([0-9.]+) ", found.remedy)
    assert command, found.remedy
    before = installed_wheels()
    after = {**before, command[1]: command[2]}
    assert broken_requirements(after) == broken_requirements(before) == []
    assert command[1] == "opencv-python"  # with the windows that supervision shows


def test_where_the_desktops_libraries_are_missing_the_headless_wheel_takes_over(site: Path) -> None:
    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    install(site, "opencv-python", "4.10.0.84")
    assert opencv_remedy(error) == "pip install --no-deps opencv-python-headless"
    install(site, "opencv-python-headless", "4.12.0.88")
    install(site, "supervision", "0.26.1", "opencv-python>=4.5")
    assert opencv_remedy(error).startswith("pip install --force-reinstall --no-deps opencv-python-headless==4.12.0.88 ")


def test_without_any_wheel_the_headless_one_is_installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    (found,) = doctor._opencv()
    assert (found.state, found.remedy) == ("fail", "pip install opencv-python-headless")


def test_what_an_uninstallation_leaves_is_no_opencv(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder stays where it holds a file that the wheel did not bring: it can be imported, and has nothing."""
    install(site, "opencv-python-headless", "4.12.0.88")
    monkeypatch.setitem(sys.modules, "cv2", ModuleType("cv2"))
    with pytest.raises(AttributeError):
        try_opencv()
    (found,) = doctor._opencv()
    assert found.state == "fail"
    assert "AttributeError" in found.found
