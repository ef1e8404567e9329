"""Icons, themes, presets and the generators of the demo data."""
