"""Vendors: Firestore, Cloud Storage, Pub/Sub, Vertex and the audio libraries, behind the ports."""
