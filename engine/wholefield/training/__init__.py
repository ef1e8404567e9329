"""One loop for every task: trainer, schedule, early stopping, augmentation, checkpoints. Imports no torch by itself."""
