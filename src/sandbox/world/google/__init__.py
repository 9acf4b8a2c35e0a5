"""What exists at the sandbox's Google beside the people, calendars and events of the whole world."""
