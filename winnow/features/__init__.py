"""What the head sees: encoders, extraction, the memory-mapped feature matrix and its manifest."""
