"""The exit codes of every command; they stay what they are, docs/command-line.md lists them."""

OK = 0
FAILED = 1
"""The work failed: a file, a model, the disk or the memory; the error stream says which and why."""
MISUSED = 2
"""Nothing was begun: the command, an option or a setting cannot work."""
INCOMPLETE = 3
"""Some files of a batch failed and were skipped; its table says which and why."""
TERMINATED = 143
"""Ended by SIGTERM, as at a log-off or by a cluster; what there was is saved, and the run can go on."""
DISCARDED = 130
"""Ended by Ctrl-C without results."""
