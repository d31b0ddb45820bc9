"""Training RefineNet and ScoreNet on rendered pairs: losses, pairs, and a loop that goes on where it stopped."""
