"""Vectors by other models than the one that ships, made in the background; and stores that find the nearest."""

from grove.vectors.choice import Models
from grove.vectors.desk import EMBED_JOB, VectorDesk
from grove.vectors.embedding_job import embed_index, tidy_vectors
from grove.vectors.errors import (
    EmbedderAnswerInvalid,
    EmbedderBusy,
    EmbedderDimensionsDiffer,
    EmbedderFailed,
    EmbedderKeyRefused,
    EmbedderMisconfigured,
    EmbedderModelMissing,
    EmbedderRefused,
    EmbedderUnreachable,
    VectorStoreUnavailable,
)
from grove.vectors.files import VectorFiles
from grove.vectors.http_embedding import HttpEmbedder, HttpModel, Patience
from grove.vectors.meaning import Comparison, Meaning
from grove.vectors.model import VectorSet, VectorTotals
from grove.vectors.operations import sets_of
from grove.vectors.ports import Embedded, Embedder, Space, VectorStore
from grove.vectors.qdrant import QdrantVectors
from grove.vectors.static import StaticTexts

__all__ = [
    "EMBED_JOB",
    "Comparison",
    "Embedded",
    "Embedder",
    "EmbedderAnswerInvalid",
    "EmbedderBusy",
    "EmbedderDimensionsDiffer",
    "EmbedderFailed",
    "EmbedderKeyRefused",
    "EmbedderMisconfigured",
    "EmbedderModelMissing",
    "EmbedderRefused",
    "EmbedderUnreachable",
    "HttpEmbedder",
    "HttpModel",
    "Meaning",
    "Models",
    "Patience",
    "QdrantVectors",
    "Space",
    "StaticTexts",
    "VectorDesk",
    "VectorFiles",
    "VectorSet",
    "VectorStore",
    "VectorStoreUnavailable",
    "VectorTotals",
    "embed_index",
    "sets_of",
    "tidy_vectors",
]
