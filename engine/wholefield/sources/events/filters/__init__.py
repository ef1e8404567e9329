"""Filters of events: `chain` reads and runs them, `kinds` lists them, `recording` shows a recording through them."""
