"""Writers of the events of a recording, one module a format; `formats` lists them, `writing` writes."""
