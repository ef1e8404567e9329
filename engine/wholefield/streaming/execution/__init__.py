"""The two sweeps over the tiles: blocks, halos, images read tile by tile, sinks and reductions."""
