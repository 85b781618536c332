"""Which roofs to build in which year."""
