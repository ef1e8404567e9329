"""Networks over slides: classifiers and segmenters with their local part streamed."""
