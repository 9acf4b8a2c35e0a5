"""The process: settings, wiring, the gRPC and HTTP servers, the worker and the command line."""
