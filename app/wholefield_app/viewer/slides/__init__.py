"""The view of slides: a pyramid of any size, read in the background, with grid, sweeps, maps and marks over it."""
