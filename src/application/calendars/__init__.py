"""Which calendars there are and which were chosen."""
