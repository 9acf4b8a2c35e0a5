"""The connections of the HTTP side: who is taken in, how long everybody is waited for, and whose turn it is."""
