"""The gRPC door: the server, what answers at it, and how errors are reported."""
