"""The systems of the five papers as tasks: settings of the network, and what each learns from a batch."""
