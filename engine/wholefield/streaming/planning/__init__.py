"""What streaming will do and cost, known before anything runs: layers, memory, work, tile sizes."""
