"""Demo data that the application makes itself, so that it can be tried without any file of one's own."""
