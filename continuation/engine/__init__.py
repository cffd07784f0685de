"""From a request to rows: start, run, follow, watch, collect, describe, extend."""
