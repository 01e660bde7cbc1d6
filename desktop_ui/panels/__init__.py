"""What stands around the picture area: sources and layers, the chosen person, the status bar."""
