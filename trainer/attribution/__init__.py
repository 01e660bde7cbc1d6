"""Where a decision came from: maps over the picture or clip, as functions of a network and its input."""
