"""metavision_ml.flow.feature_extractor: the networks by their documented names."""

from wholefield.networks.flow.feature_extractor import eminet, eminet_non_sep, midinet, midinet2

__all__ = ["eminet", "eminet_non_sep", "midinet", "midinet2"]
