"""Vectors by other models than the one that ships, made in the background; and stores that find the nearest."""

from grove.vectors.choice import Models
from grove.vectors.desk import EmbedArguments, VectorDesk
from grove.vectors.embedding_job import embed_index
from grove.vectors.errors import (
    EmbedderAnswerInvalid,
    EmbedderBusy,
    EmbedderDimensionsDiffer,
    EmbedderFailed,
    EmbedderKeyRefused,
    EmbedderMisconfigured,
    EmbedderModelMissing,
    EmbedderOutside,
    EmbedderRefused,
    EmbedderUnreachable,
    VectorStoreCollectionMissing,
    VectorStoreDimensionsDiffer,
    VectorStoreFailed,
    VectorStoreKeyRefused,
    VectorStoreRefused,
    VectorStoreUnavailable,
)
from grove.vectors.files import VectorFiles
from grove.vectors.http_embedding import HttpEmbedder, HttpModel
from grove.vectors.meaning import Comparison, Meaning
from grove.vectors.model import VectorSet, VectorTotals
from grove.vectors.operations import sets_of
from grove.vectors.patience import Patience
from grove.vectors.ports import Embedded, Embedder, Space, VectorStore
from grove.vectors.qdrant import QdrantVectors
from grove.vectors.reach import address_of
from grove.vectors.static import StaticTexts
from grove.vectors.tidying import tidy_vectors
from grove.vectors.verifying import verify_vectors

__all__ = [
    "Comparison",
    "EmbedArguments",
    "Embedded",
    "Embedder",
    "EmbedderAnswerInvalid",
    "EmbedderBusy",
    "EmbedderDimensionsDiffer",
    "EmbedderFailed",
    "EmbedderKeyRefused",
    "EmbedderMisconfigured",
    "EmbedderModelMissing",
    "EmbedderOutside",
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
    "VectorStoreCollectionMissing",
    "VectorStoreDimensionsDiffer",
    "VectorStoreFailed",
    "VectorStoreKeyRefused",
    "VectorStoreRefused",
    "VectorStoreUnavailable",
    "VectorTotals",
    "address_of",
    "embed_index",
    "sets_of",
    "tidy_vectors",
    "verify_vectors",
]
