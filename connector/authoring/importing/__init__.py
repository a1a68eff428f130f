"""An OpenAPI document becomes an integration's folder; what a spec cannot say is told, never dropped."""

from connector.authoring.importing.convert import Imported, convert
from connector.authoring.importing.report import Remark, Report, Told

__all__ = ["Imported", "Remark", "Report", "Told", "convert"]
