"""The daemon ``edgeact run``: cameras of a configuration file, for months; a thin face of the session."""
