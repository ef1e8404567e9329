"""From a module to a program: its forward is run on tensors without data and every torch call is written down."""
