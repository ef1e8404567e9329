"""What trainings on stacks read: pairs, labels, splits, and reconstructions of parts of a scan."""
