"""Solutions that lie on no known branch: deflated Newton from many guesses, and the branches through what it finds."""
