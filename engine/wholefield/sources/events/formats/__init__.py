"""Readers of camera formats that are unpacked from start to end when they are opened."""
