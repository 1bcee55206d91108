"""Long work as processes of its own: queue, watch, stop, and what became of each."""
