"""Colors as files store them (CIELAB, CMYK, YCbCr, palettes, opacity) brought to red, green and blue."""
