"""Who calls the API in tests."""

import asyncio
from typing import Any

import httpx
from fastapi import FastAPI

ORIGIN = "http://lumenward.test"


class Client:
    """A caller of the API: a browser with its cookie and CSRF token, a machine with a token, or nobody."""

    def __init__(self, runner: asyncio.Runner, app: FastAPI, headers: dict[str, str]) -> None:
        self._runner = runner
        transport = httpx.ASGITransport(app=app, client=("192.0.2.1", 1))
        self.http = httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        return self._runner.run(self.http.request(method, path, **options))

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> httpx.Response:
        return self.request("PUT", path, **options)

    def delete(self, path: str, **options: Any) -> httpx.Response:
        return self.request("DELETE", path, **options)
