"""The loop: predict, correct, test, locate, store."""
