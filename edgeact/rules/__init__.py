"""Rules: what is to happen in a picture, and the events that tell that it did. No threads, no files, no clock."""
