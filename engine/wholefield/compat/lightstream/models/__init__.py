"""lightstream.models: networks that are ready to stream."""
