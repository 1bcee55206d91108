"""What to show next: feature space, head, strategies, the step from labels to a snapshot, the learner thread."""
