"""Made-up objects of many kinds, drawn at random for networks to learn from."""
