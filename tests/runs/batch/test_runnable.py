"""What is done for many inputs is checked for what is not written down."""

import pytest

from connector.engine.sources import Sources
from connector.runs.batch.runnable import check_of
from connector.spec.loader import default_folder, load

INTEGRATION = load(default_folder())


@pytest.mark.parametrize(
    ("headers", "paths"), [({"X-Team": "blue"}, ["headers.X-Team"]), ({"accept": "a/b"}, [])]
)
def test_a_header_that_may_be_a_secret_is_told_before_rows_are_kept(headers, paths):
    """A row, or a time of a schedule, would send the mask."""
    action = INTEGRATION.actions["generic-http-request"]
    check = check_of(action, INTEGRATION, Sources(paths=False, urls=None))
    found = check({"path": "/v1/engines/list", "headers": headers})
    assert [problem.path for problem in found] == paths
