"""Recordings as videos and pictures, drawn by the painter of the screen; the window and `wholefield video` use it."""
