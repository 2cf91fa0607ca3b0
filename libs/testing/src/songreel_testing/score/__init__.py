"""Small films for the tests of soundtracks."""
