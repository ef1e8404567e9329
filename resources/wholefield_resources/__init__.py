"""Icons, themes, presets, weights and the generators of the demo data."""
