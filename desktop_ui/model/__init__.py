"""What the window shows, without Qt: sources, selection, layers, settings; views read it and are told of changes."""
