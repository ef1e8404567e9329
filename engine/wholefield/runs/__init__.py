"""A run: its settings, folder, reports and control, and the tasks it can do. Imports no torch by itself."""
