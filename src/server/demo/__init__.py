"""The whole story of an expert's calendars, lived by a client over gRPC against a service of its own."""
