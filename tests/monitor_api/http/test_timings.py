"""The timings of phases as FHIR has them."""

from tests.monitor_api.http.world import Client, World


def test_a_version_has_the_timing_of_each_phase_as_fhir_has_it(world: World, physician: Client):
    versions = physician.get(f"/api/v1/regimens/{world.a.regimen}").json()["versions"]
    for version in versions:
        phases = version["prescription"]["phases"]
        assert [one["repeat"]["frequency"] for one in version["timings"]] == [
            one["timing"]["frequency"] for one in phases
        ]
        assert all(one["repeat"]["periodUnit"] in {"d", "wk"} for one in version["timings"])
