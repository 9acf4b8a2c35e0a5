"""The sandbox's iCloud: CalDAV behind an Apple ID and an app-specific password."""
