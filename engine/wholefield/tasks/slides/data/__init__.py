"""What trainings and predictions read of slides: tables, labels, masks, and the parts that a network is given."""
