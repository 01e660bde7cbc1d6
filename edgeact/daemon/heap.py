"""Memory that is free goes back to the system, so that a daemon does not grow with each camera that ends and begins.

The C library of most systems (glibc) gives threads heaps of their own, eight for each core, and keeps in each what was
freed there. A camera has some ten threads, so that after some cameras had ended and begun anew 150 MB were kept for
nothing. Elsewhere (musl) nothing need be done, and nothing is.
"""

import ctypes
import gc

from edgeact import free_memory

_ARENA_MAX = -8  # `M_ARENA_MAX` of glibc's malloc.h
# Two heaps are shared well enough: threads of the daemon are mostly inside of graphs, which allocate once.
HEAPS = 2


def share_heaps() -> None:
    """Let all threads that begin from now on share `HEAPS` heaps."""
    limit = getattr(ctypes.CDLL(None), "mallopt", None)
    if limit is not None:
        limit(_ARENA_MAX, HEAPS)


def settle() -> None:
    """Count what there is now as staying for ever, so that `give_back` need not look through it; `gc.unfreeze` ends it.

    Python looks through everything for objects that hold each other only once it has a quarter more of them: of what
    a camera that ended leaves behind, that is after many hours.
    """
    gc.collect()
    gc.freeze()


def give_back() -> None:
    """Find what nobody has any more, and give memory that is free, in all heaps, back to the system."""
    gc.collect()
    free_memory.give_back()
