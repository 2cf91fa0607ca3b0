"""Gateways, stages, Postgres and S3 as processes of one machine; faults and load clients."""
