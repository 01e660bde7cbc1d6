"""What networks make of data sets, computed once and kept on disk: teachers' labels, tracks, people, features."""
