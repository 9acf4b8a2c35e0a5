"""CalendarSync on this machine, for the tests of those who call it."""
