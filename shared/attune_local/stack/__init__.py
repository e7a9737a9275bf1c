"""The process side of the local stack: emulators, object storage, the event bridge, and the functions."""
