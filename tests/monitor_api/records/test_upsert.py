"""Rows that may be there already."""

from datetime import UTC, datetime

from monitor_api.records.devices import BatchRow
from monitor_api.records.upsert import insert_new
from tests.service import open_service, rows


def batch(number, tag="a" * 16):
    return {"gateway_id": "gw", "epoch": "0" * 16, "number": number, "tag": tag, "sealed_at": datetime.now(UTC)}


def test_an_insert_says_how_many_rows_were_new_and_leaves_the_others_as_they_are(tmp_path):
    stores = open_service(tmp_path)
    with stores.database.write() as session:
        assert insert_new(session, BatchRow, [batch(1), batch(2)]) == 2
    with stores.database.write() as session:
        assert insert_new(session, BatchRow, [batch(2, "b" * 16), batch(3, "b" * 16)]) == 1
    assert {row.number: row.tag[0] for row in rows(stores, BatchRow)} == {1: "a", 2: "a", 3: "b"}
    stores.close()
