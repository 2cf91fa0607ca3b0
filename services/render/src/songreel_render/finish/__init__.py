"""What is done to every frame after it is drawn. A new step: a function and a row of `STEPS`."""
