"""How the package loads and runs: late imports, optional libraries, threads, and where figures come from."""
