"""Recordings of event cameras on the screen: painter, player, rate strip, and flow from any provider."""
