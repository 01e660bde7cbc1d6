"""Building blocks, one a file."""
