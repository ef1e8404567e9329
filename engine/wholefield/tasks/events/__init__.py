"""Runs on event recordings: training a flow network, and predicting flow with one."""
