"""An embedder behind HTTP, as OpenAI's `/v1/embeddings` is spoken by Ollama, TEI, vLLM, llama.cpp and most vendors.

Texts are sent in batches that are limited by count and by bytes; what is too long is cut, and counted. An embedder that
is busy or away is asked again after the time that it names, or after longer and longer ones. A question is not worth
that wait: it is asked once, and after a failure not at all for a while.
"""

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import httpx2
import numpy as np
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt

from grove.kit.retry_after import retry_after_seconds
from grove.vectors.errors import (
    EmbedderAnswerInvalid,
    EmbedderBusy,
    EmbedderDimensionsDiffer,
    EmbedderFailed,
    EmbedderKeyRefused,
    EmbedderModelMissing,
    EmbedderRefused,
    EmbedderUnreachable,
)
from grove.vectors.patience import Patience
from grove.vectors.ports import Embedded, Floats
from grove.vectors.reach import address_of

PATIENCE: Final = Patience()
HTTP_PREFIX: Final = "http:"
MARK: Final = "#"
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
REASON_CHARACTERS_MAX: Final = 200
_UNAUTHORIZED: Final = (401, 403)
_BUSY: Final = (429, 503)
_NOT_FOUND: Final = 404
_SERVER_ERROR: Final = 500
_TINY: Final = np.float32(1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpModel:
    """A model behind an address such as `http://127.0.0.1:11434/v1`, and how it wants to be asked."""

    url: str
    model: str
    key: str | None = None
    dimensions: int | None = None
    text_prefix: str = ""
    query_prefix: str = ""
    batch_texts_max: int = 64
    batch_bytes_max: int = 256 * 1024
    text_bytes_max: int = 8 * 1024
    patience: Patience = PATIENCE
    may_be_outside: bool = False
    """Whether texts and questions may be sent to a public address."""

    @property
    def name(self) -> str:
        """The model, and what is put before texts and the size asked for, as they change vectors; not the address."""
        told = self.text_prefix + (f"\0{self.dimensions}" if self.dimensions is not None else "")
        mark = MARK + sha256(told.encode()).hexdigest()[:8] if told else ""
        return f"{HTTP_PREFIX}{self.model}{mark}"

    def __repr__(self) -> str:
        """Without the key."""
        return f"HttpModel(url={self.url!r}, model={self.model!r})"


class HttpEmbedder:
    """Asks a model server for vectors."""

    def __init__(self, model: HttpModel) -> None:
        self._model = model
        headers = {"Accept-Encoding": "identity"} | ({"Authorization": f"Bearer {model.key}"} if model.key else {})
        self._http = httpx2.Client(headers=headers, follow_redirects=False, trust_env=False)
        self._address = f"{model.url.rstrip('/')}/embeddings"
        self._dimensions = model.dimensions
        self._rests_until = 0.0
        self._failure: EmbedderFailed | None = None

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    def close(self) -> None:
        """Let go of the connections."""
        self._http.close()

    def embed_texts(self, texts: Sequence[bytes]) -> Embedded:
        """One vector per text, asked for in batches, each as often as it takes within the limits."""
        cut = [_cut(self._model.text_prefix.encode() + text, self._model.text_bytes_max) for text in texts]
        found = [self._patiently(batch) for batch in self._batches(cut)]
        vectors = np.concatenate(found) if found else np.empty((0, self._dimensions or 0), dtype=np.float32)
        too_long = self._model.text_bytes_max - len(self._model.text_prefix.encode())
        return Embedded(vectors, sum(len(text) > too_long for text in texts))

    def embed_query(self, text: str) -> Floats:
        """The vector of a question; asked once."""
        if self._failure is not None and time.monotonic() < self._rests_until:
            raise self._failure
        wanted = _cut((self._model.query_prefix + text).encode("utf-8", "replace"), self._model.text_bytes_max)
        try:
            vector: Floats = self._asked([wanted], seconds_max=self._model.patience.query_seconds_max)[0]
        except EmbedderFailed as error:
            self._failure, self._rests_until = error, time.monotonic() + self._model.patience.rest_seconds
            raise
        self._failure = None
        return vector

    def _batches(self, texts: Sequence[str]) -> Iterator[list[str]]:
        batch: list[str] = []
        size = 0
        for text in texts:
            length = len(text.encode())
            if batch and (len(batch) == self._model.batch_texts_max or size + length > self._model.batch_bytes_max):
                yield batch
                batch, size = [], 0
            batch.append(text)
            size += length
        if batch:
            yield batch

    def _patiently(self, batch: list[str]) -> Floats:
        patience = self._model.patience
        asking = Retrying(
            retry=retry_if_exception_type((EmbedderBusy, EmbedderUnreachable)),
            stop=stop_after_attempt(patience.attempts_max),
            wait=patience.wait_seconds,
            reraise=True,
        )
        found: Floats = asking(self._asked, batch, seconds_max=patience.seconds_max)
        return found

    def _asked(self, texts: list[str], *, seconds_max: float) -> Floats:
        body: dict[str, Any] = {"model": self._model.model, "input": texts, "encoding_format": "float"}
        if self._model.dimensions is not None:
            body["dimensions"] = self._model.dimensions
        try:
            url = httpx2.URL(self._address)
            port = url.port or (443 if url.scheme == "https" else 80)
            address = address_of(url.host, port, may_be_outside=self._model.may_be_outside)
            with self._http.stream(
                "POST",
                url.copy_with(host=address),
                json=body,
                headers={"Host": url.netloc.decode("ascii")},
                extensions={"sni_hostname": url.host},
                timeout=httpx2.Timeout(seconds_max),
            ) as answer:
                told = self._read(answer, deadline=time.monotonic() + seconds_max)
        except (httpx2.TransportError, httpx2.InvalidURL) as error:
            raise EmbedderUnreachable(embedder=self.name, reason=type(error).__name__) from error
        if answer.status_code != httpx2.codes.OK:
            raise self._refusal(answer, told)
        return self._vectors(told, len(texts))

    def _read(self, answer: httpx2.Response, *, deadline: float) -> bytes:
        """The body, as it is sent; no more of it than may be, and for no longer."""
        told = bytearray()
        for part in answer.iter_raw():
            told += part
            if len(told) > ANSWER_BYTES_MAX:
                raise EmbedderAnswerInvalid(embedder=self.name, answer_bytes_max=ANSWER_BYTES_MAX)
            if time.monotonic() > deadline:
                raise EmbedderUnreachable(embedder=self.name, reason="answer too slow")
        return bytes(told)

    def _refusal(self, answer: httpx2.Response, told: bytes) -> EmbedderFailed:
        status, reason = answer.status_code, _reason(told)
        if status in _UNAUTHORIZED:
            return EmbedderKeyRefused(embedder=self.name, status=status)
        if status in _BUSY:
            after = retry_after_seconds(answer.headers)
            named = {} if after is None else {"retry_after_seconds": after}
            return EmbedderBusy(embedder=self.name, status=status, **named)
        if status >= _SERVER_ERROR:
            return EmbedderUnreachable(embedder=self.name, status=status)
        if status == _NOT_FOUND or "model" in reason.lower():
            return EmbedderModelMissing(embedder=self.name, status=status, reason=reason)
        return EmbedderRefused(embedder=self.name, status=status, reason=reason)

    def _vectors(self, told: bytes, count: int) -> Floats:
        try:
            rows = {int(row["index"]): row["embedding"] for row in json.loads(told)["data"]}
            found = np.array([rows[number] for number in range(count)], dtype=np.float32)
        except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise EmbedderAnswerInvalid(embedder=self.name, reason=type(error).__name__) from error
        if found.ndim != 2 or not found.shape[1] or not np.isfinite(found).all():  # noqa: PLR2004 - rows and columns
            raise EmbedderAnswerInvalid(embedder=self.name, shape=str(found.shape))
        wanted = self._dimensions or found.shape[1]
        if found.shape[1] != wanted:
            raise EmbedderDimensionsDiffer(embedder=self.name, wanted=wanted, given=found.shape[1])
        self._dimensions = wanted
        unit: Floats = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), _TINY)
        return unit


def _cut(text: bytes, bytes_max: int) -> str:
    """The beginning of a text, in whole characters; never nothing, as some servers refuse an empty text."""
    return text[:bytes_max].decode("utf-8", "ignore") or " "


def _reason(body: bytes) -> str:
    """What the server says is wrong; it knows neither the key nor more of the text than was sent."""
    try:
        told = json.loads(body).get("error", "")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return str(told.get("message", "") if isinstance(told, dict) else told)[:REASON_CHARACTERS_MAX]
