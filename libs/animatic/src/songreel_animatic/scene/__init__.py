"""A scene as it is drawn: layers at their depths, light, camera."""
