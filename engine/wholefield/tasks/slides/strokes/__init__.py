"""Segmentation from strokes: trained on the labeled pixels of one slide, while strokes join and the map is watched."""
