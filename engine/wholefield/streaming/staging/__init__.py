"""Networks with values of the whole image: cut at them into stages, each a streamed pass of its own."""
