"""One task on many files: what is to be done, what came of it, in this process or on many. Imports no torch."""
