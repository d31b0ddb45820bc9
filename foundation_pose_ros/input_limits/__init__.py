"""What strangers' input may cost: sizes, time, memory, how often, and whom it may reach."""
