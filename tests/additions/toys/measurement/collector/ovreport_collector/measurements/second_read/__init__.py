"""Reading the model a second time."""
