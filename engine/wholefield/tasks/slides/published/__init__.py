"""Published networks used on slides and pictures."""
