"""Which columns of a table are time, x, y and polarity, in which unit, and how they become events."""
