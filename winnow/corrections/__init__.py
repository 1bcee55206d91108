"""What a review of predictions came to: results by image, and rounds and time."""
