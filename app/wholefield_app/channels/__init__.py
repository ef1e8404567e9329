"""How the channels of what is open are shown, and how that is remembered; one model for slides and stacks."""
