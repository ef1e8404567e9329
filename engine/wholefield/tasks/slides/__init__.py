"""Tasks on slides: classification, segmentation and prediction."""
