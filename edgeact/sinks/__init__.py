"""Where results go: one sink a file."""
