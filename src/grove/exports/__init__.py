"""Exports: every place that answers a question, written to a file by a job, to be fetched until it expires."""

from grove.exports.errors import ExportGone, ExportNotFound, ExportsTooMany, ExportTooLarge, ExportUnfinished
from grove.exports.events import ExportBegun
from grove.exports.model import Export, ExportForm
from grove.exports.operations import create_export, remove_export
from grove.exports.queries import export_to_read, get_export, list_exports, resources_among
from grove.exports.writing import ExportTools, sweep_exports, write_export

__all__ = [
    "Export",
    "ExportBegun",
    "ExportForm",
    "ExportGone",
    "ExportNotFound",
    "ExportTooLarge",
    "ExportTools",
    "ExportUnfinished",
    "ExportsTooMany",
    "create_export",
    "export_to_read",
    "get_export",
    "list_exports",
    "remove_export",
    "resources_among",
    "sweep_exports",
    "write_export",
]
