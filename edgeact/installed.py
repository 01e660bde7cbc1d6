"""Which packages are installed, without importing them, and how to put one back."""

from importlib import metadata


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
