"""Stacks: volumes such as CT scans and TIFF stacks, read box by box."""
