"""The artifact store on any S3 endpoint."""
