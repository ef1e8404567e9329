"""Writes recordings as videos and pictures, and their flow as files."""
