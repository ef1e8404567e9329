"""The numerics: sources, streaming, models, runs. Usable from a script; never imports Qt."""
