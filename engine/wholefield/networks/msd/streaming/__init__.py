"""Mixed-scale dense networks over images that do not fit in memory: row by row, strip by strip, tile by tile."""
