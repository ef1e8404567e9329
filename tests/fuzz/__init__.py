"""Damaged files of every format, opened in a process of their own: python -m tests.fuzz [--minutes M] [--seed S]."""
