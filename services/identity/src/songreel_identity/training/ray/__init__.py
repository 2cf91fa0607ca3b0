"""Training on Ray; the only part of the service that imports it."""

# Ray reads its settings when it is imported: the kit makes them before that.
import songreel_kit.ray  # noqa: F401  # pyright: ignore[reportUnusedImport]
