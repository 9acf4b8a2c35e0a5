"""The one name that the service's wheel takes in an environment; everything else lies below `_packages`."""
