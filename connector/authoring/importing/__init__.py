"""An OpenAPI document becomes an integration's folder; what a spec cannot say is told, never dropped."""

from connector.authoring.importing.convert import Imported, convert
from connector.authoring.importing.report import ImportReport, Remark, Told

__all__ = ["ImportReport", "Imported", "Remark", "Told", "convert"]
