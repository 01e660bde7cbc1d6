"""Taking people out of pictures before these are stored or sent."""
