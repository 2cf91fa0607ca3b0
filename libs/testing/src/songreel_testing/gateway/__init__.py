"""Gateways, their clients and fake stages."""
