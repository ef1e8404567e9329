"""The documented interfaces of lightstream, msd_pytorch and metavision_ml.flow, thin over our engine."""
