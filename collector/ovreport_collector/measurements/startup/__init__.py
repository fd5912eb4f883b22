"""The start from the model cache."""
