"""Moving an expert from one cell to another, on PostgreSQL."""
