"""The documented interface of lightstream, as a thin layer over `wholefield.streaming.Streamed`."""
