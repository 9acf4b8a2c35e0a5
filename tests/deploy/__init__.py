"""What deploy/ has for operators: checked by the validators of each format, and against the service's own settings."""
