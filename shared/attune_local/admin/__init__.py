"""A stand-in for Google's admin APIs: it tells of the local project as if `infra` had been applied to it."""
