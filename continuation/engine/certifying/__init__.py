"""What can be vouched for along a branch: existence and uniqueness at each row, and between rows."""
