"""What can be wrong with a CIDX data folder."""

from grove.kit.errors import GroveError, Kind


class CidxFolderUnknown(GroveError):
    """This is no data folder of CIDX: it has no `golden-repos`."""

    kind = Kind.NOT_FOUND
    code = "cidx_folder_unknown"
