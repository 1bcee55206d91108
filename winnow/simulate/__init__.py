"""What labelling a pool would have taken: its known truth replayed through the learner."""
