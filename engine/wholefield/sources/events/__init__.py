"""Decoders of event recordings, one file a format."""
