"""What a round measures of a model that infers."""
