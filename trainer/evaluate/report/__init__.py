"""What an evaluation found, as JSON and as one HTML page that needs nothing else."""
