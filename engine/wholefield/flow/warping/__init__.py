"""Moving images and events along a flow: backward warping, images of warped events, splatting."""
