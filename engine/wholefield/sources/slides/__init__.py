"""Slides and pictures: two-dimensional, pyramidal images, read region by region."""
