"""What a machine lacks skips a test with its reason, and fails it where everything must run."""

import pytest

from tests.servers import require

SKIPPED, FAILED = pytest.skip.Exception, pytest.fail.Exception


@pytest.mark.parametrize(
    ("environment", "how"),
    [({}, SKIPPED), ({"LUMENWARD_REQUIRE_ALL": "0"}, SKIPPED), ({"LUMENWARD_REQUIRE_ALL": "1"}, FAILED)],
)
def test_without_a_program_a_test_is_skipped_and_fails_where_everything_must_run(environment, how):
    with pytest.raises((SKIPPED, FAILED), match="no-such-server is not installed") as ended:
        require("no-such-server", environment=environment)
    assert ended.type is how
