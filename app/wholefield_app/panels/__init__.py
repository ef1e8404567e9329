"""Panels and small widgets that every workspace can use: log, curves, bars, sweep, path fields."""
