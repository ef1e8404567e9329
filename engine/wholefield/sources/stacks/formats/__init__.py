"""Readers of stacks, one format each: headers and arrays to what `stack.StackSource` serves."""
