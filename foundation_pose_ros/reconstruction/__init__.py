"""Model-free: a few reference views of an object instead of a mesh become the same object model."""
