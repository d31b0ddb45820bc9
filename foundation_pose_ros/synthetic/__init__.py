"""Made-up objects, scenes and sensors with true poses, for demonstrations, tests and benchmarks."""
