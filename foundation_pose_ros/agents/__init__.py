"""What agents may ask for, over the Model Context Protocol: tools with typed arguments, limits and answers in words."""
