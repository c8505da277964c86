"""What can go wrong with models that make vectors, and with servers that keep them."""

from typing import ClassVar

from grove.kit.errors import GroveError, Kind


class EmbedderMisconfigured(GroveError):
    """The settings of the embedder or of the vector store do not fit together."""

    code = "embedder_misconfigured"


class EmbedderFailed(GroveError):
    """The embedder did not give vectors."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "embedder_failed"


class EmbedderUnreachable(EmbedderFailed):
    """The embedder cannot be reached, or does not answer in time."""

    code = "embedder_unreachable"
    transient = True


class EmbedderBusy(EmbedderFailed):
    """The embedder asks to be left alone for a while."""

    code = "embedder_busy"
    transient = True


class EmbedderOutside(EmbedderFailed):
    """The model server is outside of this network; GROVE_EMBEDDER_OUTSIDE=true says that source may be sent there."""

    code = "embedder_outside"


class EmbedderKeyRefused(EmbedderFailed):
    """The embedder does not accept the key; look at GROVE_EMBEDDER_KEY."""

    code = "embedder_key_refused"


class EmbedderModelMissing(EmbedderFailed):
    """The embedder has no such model; look at GROVE_EMBEDDER_MODEL."""

    code = "embedder_model_missing"


class EmbedderRefused(EmbedderFailed):
    """The embedder refuses what it is asked."""

    code = "embedder_refused"


class EmbedderAnswerInvalid(EmbedderFailed):
    """The embedder answers something else than one vector for each text."""

    code = "embedder_answer_invalid"


class EmbedderDimensionsDiffer(EmbedderFailed):
    """The embedder gives vectors of another size than it should; look at GROVE_EMBEDDER_DIMENSIONS."""

    code = "embedder_dimensions_differ"


class VectorStoreFailed(GroveError):
    """The vector store did not do what it was asked."""

    kind: ClassVar[Kind] = Kind.UNAVAILABLE
    code = "vector_store_failed"


class VectorStoreUnavailable(VectorStoreFailed):
    """The vector store cannot be reached, does not answer in time, or is overloaded."""

    code = "vector_store_unavailable"
    transient = True


class VectorStoreKeyRefused(VectorStoreFailed):
    """The vector store does not accept the key; look at GROVE_QDRANT_KEY."""

    code = "vector_store_key_refused"


class VectorStoreCollectionMissing(VectorStoreFailed):
    """The vector store lacks the collection that was filled; `grove index embed --refill` fills it again."""

    code = "vector_store_collection_missing"


class VectorStoreDimensionsDiffer(VectorStoreFailed):
    """The vector store has vectors of another size under this name; `grove index embed --refill` fills it again."""

    code = "vector_store_dimensions_differ"


class VectorStoreRefused(VectorStoreFailed):
    """The vector store refuses what it is asked; its own reason is with this error."""

    code = "vector_store_refused"
