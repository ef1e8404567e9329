"""The networks that regress flow from event features, and the layers that they are made of."""
