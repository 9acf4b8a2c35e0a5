"""The stand-in for iCloud, over real HTTPS."""
