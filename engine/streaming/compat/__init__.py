"""The documented interface of lightstream, as a thin layer over `engine.streaming.Streamed`."""
