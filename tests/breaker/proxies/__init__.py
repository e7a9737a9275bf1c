"""Proxies between one function's process and one service, which do to each call what a judge says."""

from __future__ import annotations

from breaker.proxies.grpc_proxy import grpc_proxy
from breaker.proxies.http_proxy import http_proxy
from breaker.proxies.proxy import Kill, Proxy

__all__ = ["Kill", "Proxy", "grpc_proxy", "http_proxy"]
