"""What leaves the application: pyramids, maps, outlines, flow and video."""
