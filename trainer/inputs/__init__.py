"""What data sets give and networks read, and the bones of a body: known to both, so that neither needs the other."""
