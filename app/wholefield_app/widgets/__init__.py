"""Small widgets that panels and forms are made of."""
