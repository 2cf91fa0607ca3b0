"""Content credentials of the files that services make."""
