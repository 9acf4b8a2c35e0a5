"""A product's page of connected calendars, on top of the service's public client package and nothing else of it."""
