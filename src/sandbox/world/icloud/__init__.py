"""What exists at the sandbox's iCloud beside the people, calendars and events of the whole world."""
