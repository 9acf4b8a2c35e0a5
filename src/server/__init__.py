"""The process: two doors (rpc, http), the engine room (runtime), the command line, the local run and the demo."""
