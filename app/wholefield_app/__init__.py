"""The Qt front end: windows, views and threads. No numerics; torch is imported only when a run starts."""
