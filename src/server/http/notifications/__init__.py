"""Where providers report changes of calendars: what all deliveries go through, and an address for each provider."""
