"""The recurrence over tiles as integer arithmetic along one axis; no tensors."""
