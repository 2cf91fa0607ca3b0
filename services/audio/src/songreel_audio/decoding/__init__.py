"""Songs in, samples out, in a child process with limits."""
