"""The Morse index of a critical point, in several independent ways."""
