"""The events workspace: look at recordings of event cameras, play them, and see flow over them."""
