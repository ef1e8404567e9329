"""Projections, filtered back-projection, phantoms and the splits of Noise2Inverse."""
