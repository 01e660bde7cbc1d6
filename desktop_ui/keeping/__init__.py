"""What the window keeps of what was seen: the last pictures, events, recordings and corrections. Without Qt."""
