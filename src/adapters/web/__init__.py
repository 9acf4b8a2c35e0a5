"""What adapters that talk to a provider over the web share: nothing here knows which provider it is."""
