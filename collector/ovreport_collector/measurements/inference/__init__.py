"""What a process measures of a model that infers."""
