"""Runs in a process of their own: what they send, what they are told, who they are, and who watches over them."""
