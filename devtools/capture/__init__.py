"""Running a model with tracing on: one protocol, two runtimes, one bundle."""
