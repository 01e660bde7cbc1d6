"""The command lines of the documents: found, and run."""
