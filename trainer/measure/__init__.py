"""Measures of a bundle's graphs, one file for each network."""
