"""Which packages are installed, without importing them, and how to put one back."""

from importlib import metadata

# The runtime's packages whose modules have their names; OpenCV's, which have not, are in `edgeact.doctor_opencv`.
RUNTIME = ("numpy", "scipy", "av", "onnxruntime", "pydantic", "typer", "rich", "psutil")
OTHERS_OF_THE_RUNTIME = ("python-ulid",)  # whose modules have other names


def installed_version(package: str) -> str | None:
    """A package's version without importing it, or None."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def reinstall_command(package: str) -> str:
    """The command that puts a package's files back and touches nothing else: same version, no dependencies."""
    version = installed_version(package)
    return f"pip install --force-reinstall --no-deps {package}" + ("" if version is None else f"=={version}")
