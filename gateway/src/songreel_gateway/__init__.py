"""The public songreel API: uploads, durable jobs, progress."""
