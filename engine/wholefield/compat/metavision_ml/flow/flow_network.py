"""metavision_ml.flow.flow_network: the network with its losses."""

from wholefield.flow.flow_network import FlowNetwork

__all__ = ["FlowNetwork"]
