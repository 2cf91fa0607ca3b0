"""The animatic of a storyboard: what moves where, before any checkpoint draws."""
