"""gRPC as raw bytes, from one function to one emulator, each call judged on its way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import grpc
from grpc.aio import AioRpcError

from breaker.calls import Judge, Service
from breaker.proxies.grpc_calls import described
from breaker.proxies.grpc_fate import Sentence
from breaker.proxies.proxy import HOST, Bench, Kill, Proxy

# google.firestore.v1 and google.pubsub.v1: these stream; all others have one request and one answer.
_ANSWER_STREAMS = frozenset({"BatchGetDocuments", "ExecutePipeline", "RunAggregationQuery", "RunQuery"})
_BOTH_STREAM = frozenset({"Listen", "StreamingPull", "Write"})
_OPTIONS = (("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1))
_UPSTREAM = (
    *_OPTIONS,
    ("grpc.use_local_subchannel_pool", 1),  # a connection of its own, as the function would have
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
)
_ONE_PORT = (*_OPTIONS, ("grpc.so_reuseport", 0))
# What a transport says for itself.
_OF_THE_TRANSPORT = frozenset({"user-agent", "te", "content-type"})


def grpc_proxy(function: str, service: Service, upstream: str, judge: Judge, kill: Kill) -> Proxy:
    """A proxy in front of the emulator at host:port `upstream`, in plain text, for every method.

    Metadata and deadlines are passed on. The answers of a call that streams them are told when all are there. RESET
    looks to the client as it does when a connection breaks, UNAVAILABLE, but the connection stays: gRPC has no door to
    the socket of a call, and others may be under way on it. Of a call that streams both ways the fate is done to its
    beginning, or, where it is to be done after, to its first answer.
    """
    return Proxy(lambda: _open(Bench(function, judge, kill), service, upstream))


@asynccontextmanager
async def _open(bench: Bench, service: Service, upstream: str) -> AsyncIterator[int]:
    async with grpc.aio.insecure_channel(upstream, options=_UPSTREAM) as channel:
        server = grpc.aio.server(handlers=[_Relay(bench, service, channel)], options=_ONE_PORT)
        port: int = server.add_insecure_port(f"{HOST}:0")
        await server.start()
        try:
            yield port
        finally:
            await server.stop(None)


class _Relay(grpc.GenericRpcHandler):  # type: ignore[misc]  # no types there
    """Handles whatever method it is asked for."""

    def __init__(self, bench: Bench, service: Service, channel: Any) -> None:
        self._bench = bench
        self._service = service
        self._channel = channel
        self._known: dict[str, Any] = {}

    def service(self, handler_call_details: Any) -> Any:
        path = handler_call_details.method
        if path not in self._known:
            self._known[path] = self._handler(path)
        return self._known[path]

    def _handler(self, path: str) -> Any:
        method = path.rpartition("/")[2]
        if method in _BOTH_STREAM:
            onward = self._channel.stream_stream(path)
            return grpc.stream_stream_rpc_method_handler(partial(self._both_stream, path, onward))
        if method in _ANSWER_STREAMS:
            onward = self._channel.unary_stream(path)
            return grpc.unary_stream_rpc_method_handler(partial(self._answer_streams, path, onward))
        onward = self._channel.unary_unary(path)
        return grpc.unary_unary_rpc_method_handler(partial(self._one_for_one, path, onward))

    async def _one_for_one(self, path: str, onward: Any, request: bytes, context: Any) -> bytes:
        sentence = self._sentence(path, request, context)
        await sentence.before()
        try:
            answer: bytes = await onward(request, **_passed_on(context))
        except AioRpcError as error:
            await sentence.after()
            await _told(error, context)
        await sentence.after()
        return answer

    async def _answer_streams(self, path: str, onward: Any, request: bytes, context: Any) -> None:
        sentence = self._sentence(path, request, context)
        await sentence.before()
        try:
            answers = await _all(onward(request, **_passed_on(context)))
        except AioRpcError as error:
            await sentence.after()
            await _told(error, context)
        await sentence.after()
        for answer in answers:
            await context.write(answer)

    async def _both_stream(
        self, path: str, onward: Any, requests: AsyncIterator[bytes], context: Any
    ) -> AsyncIterator[bytes]:
        sentence = self._sentence(path, b"", context)
        await sentence.before()
        try:
            answers = onward(requests, **_passed_on(context))
            async for number, answer in _numbered(answers):
                if not number:
                    await sentence.after()
                yield answer
        except AioRpcError as error:
            await sentence.after()
            await _told(error, context)

    def _sentence(self, path: str, request: bytes, context: Any) -> Sentence:
        call = described(self._bench.function, self._service, path, request)
        return Sentence(self._bench.fate(call), self._bench, context)


async def _numbered(answers: AsyncIterator[bytes]) -> AsyncIterator[tuple[int, bytes]]:
    number = 0
    async for answer in answers:
        yield number, answer
        number += 1


async def _all(call: Any) -> list[bytes]:
    answers = []
    while (answer := await call.read()) is not grpc.aio.EOF:
        answers.append(answer)
    return answers


def _passed_on(context: Any) -> dict[str, Any]:
    metadata = tuple((key, value) for key, value in context.invocation_metadata() or () if _is_callers(key))
    return {"metadata": metadata, "timeout": context.time_remaining()}


async def _told(error: AioRpcError, context: Any) -> None:
    trailing = tuple((key, value) for key, value in error.trailing_metadata() or () if key not in _OF_THE_TRANSPORT)
    await context.abort(error.code(), error.details() or "", trailing)


def _is_callers(key: str) -> bool:
    return key not in _OF_THE_TRANSPORT and not key.startswith(("grpc-", ":"))
