"""Between the window and the runtime: an edgeact session in threads of its own, and what of it reaches the window."""
