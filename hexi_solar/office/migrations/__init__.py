"""Steps by which a register's tables came to be what they are."""
