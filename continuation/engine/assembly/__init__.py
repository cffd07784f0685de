"""From the records of the engine to a branch."""
