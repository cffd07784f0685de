"""Other branches of periodic orbits that leave one: doubled orbits, families that cross, and why others have none."""
