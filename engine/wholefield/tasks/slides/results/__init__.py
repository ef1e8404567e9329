"""What predictions on slides give: probabilities, maps, and the class of every pixel. No torch."""
