"""Runs on stacks: training mixed-scale dense networks, Noise2Inverse, and prediction slice by slice."""
