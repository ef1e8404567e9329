"""Decoders of event recordings, one file per format."""
