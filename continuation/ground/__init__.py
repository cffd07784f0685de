"""What everything stands on: options, kinds and statuses, checks of arguments, points as data."""
