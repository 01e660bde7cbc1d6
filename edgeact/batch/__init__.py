"""Many inputs into a folder of results: a batch that can be interrupted and resumed."""
