"""Learning-free and learned scorers of refined poses."""
