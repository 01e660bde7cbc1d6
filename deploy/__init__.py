"""From a trained network to a checked bundle.

In Python: `export_module` for a module of your own, `export_network` and `export_weights` for the networks of the
papers.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deploy.export_bundle import BundleName, export_network, export_weights
    from deploy.own_module import export_module
    from deploy.systems.system import ExportOptions

__all__ = ["BundleName", "ExportOptions", "export_module", "export_network", "export_weights"]


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is asked for: torch takes seconds, and ``edgeact --help`` needs none of it."""
    if name == "export_module":
        from deploy.own_module import export_module

        return export_module
    if name == "ExportOptions":
        from deploy.systems.system import ExportOptions

        return ExportOptions
    if name in __all__:
        from deploy import export_bundle

        return getattr(export_bundle, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
