"""What ``edgeact annotate`` and ``edgeact watch`` have written, as typed records; `load` reads it."""
