"""Training, distillation and measurement of sprout."""
