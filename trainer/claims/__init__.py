"""Claims of the papers, tried in minutes: one a file, and the settings that several share."""
