"""Solutions nobody told of: deflated Newton from many guesses, and branches that hang on none."""
