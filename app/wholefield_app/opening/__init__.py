"""How a file is opened that leaves something open: its questions, a live preview, one dialog, and what was answered."""
