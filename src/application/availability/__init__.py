"""When an expert can be booked."""
