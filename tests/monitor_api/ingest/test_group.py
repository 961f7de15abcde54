"""A group of batches says of its boots and sessions what its batches say, in whatever order they come."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from monitor_api.ingest.group import gather, sample_blocks
from monitor_api.ingest.opening import Opener, Origin
from tests.service import CLINIC, GATEWAY, KEY, UID, Sealer, body, rf_samples
from vocabulary.identity import DeviceUid, session_id
from vocabulary.wire.batches import Gap, ReportedMark, SampleBlock, encode_body

AT = datetime(2026, 3, 2, 20, tzinfo=UTC)
OTHER = DeviceUid("0011223344556678")
EPOCHS = (None, "00000000000000aa")


class OneKey:
    """A keyring of one gateway."""

    def expect(self, names):
        pass

    def origin(self, gateway, _key_id):
        return Origin(gateway=gateway, clinic=CLINIC, key=KEY)


def later(seconds):
    return AT + timedelta(seconds=seconds)


@st.composite
def samples(draw):
    block = rf_samples(draw(st.integers(0, 50)), draw(st.integers(1, 3)), at=later(draw(st.integers(0, 300))))
    named = {"device": draw(st.sampled_from([UID, OTHER])), "counter": draw(st.integers(1, 2))}
    return structs.replace(block, epoch=draw(st.sampled_from(EPOCHS)), **named)


@st.composite
def gaps(draw):
    named = {"device": draw(st.sampled_from([UID, OTHER])), "counter": draw(st.integers(1, 2))}
    return Gap(first=0, last=3, epoch=draw(st.sampled_from(EPOCHS)), **named)


@st.composite
def marks(draw):
    return ReportedMark(device=UID, at=later(draw(st.integers(0, 300))), state="ready", newest=1, timeline=1)


@st.composite
def bodies(draw):
    items = draw(st.lists(st.one_of(samples(), gaps(), marks()), min_size=1, max_size=4))
    made = body(*items, sealed_at=later(draw(st.integers(0, 600))))
    return structs.replace(made, boot=draw(st.integers(1, 2)))


def opened(said):
    sealer = Sealer()
    return Opener(OneKey()).open_all([sealer.sealed(encode_body(one), number) for number, one in enumerate(said, 1)])


def instants(one):
    """What a body names: when samples came and marks were read; a gap is of no time."""
    return [item.received_at for item in one.samples] + [item.at for item in one.marks]


def sessions(said):
    """The items and the bodies of each session, by boot and name."""
    found = {}
    for one in said:
        for item in (*one.samples, *one.gaps):
            name = (one.boot, session_id(item.device, item.counter, item.epoch))
            found.setdefault(name, []).append((item, one))
    return found


def began_by(block):
    return block.received_at - timedelta(seconds=block.columns.active_s[-1])


@given(said=st.lists(bodies(), min_size=1, max_size=5))
def test_of_each_session_and_boot_it_knows_the_earliest_start_the_latest_block_and_the_last_instant(said):
    told = sessions(said)
    heard = {(one.batch.body.boot, one.key.session): one for one in gather(opened(said)).heard}
    assert heard.keys() == told.keys()
    for name, one in heard.items():
        blocks = [item for item, _ in told[name] if isinstance(item, SampleBlock)]
        lasts = [max(instants(of), default=None) for _, of in told[name]]
        assert one.began_by == min(map(began_by, blocks), default=None)
        assert (one.latest and one.latest.received_at) == max((block.received_at for block in blocks), default=None)
        assert one.last_at == (None if None in lasts else max(lasts))
        assert one.first_at == min((last for last in lasts if last is not None), default=None)
        assert one.key.clinic == CLINIC


@given(said=st.lists(bodies(), min_size=1, max_size=5))
def test_of_each_boot_it_knows_the_first_and_last_instant_and_when_it_sealed_last(said):
    boots = gather(opened(said)).boots
    assert boots.keys() == {(GATEWAY, one.boot) for one in said}
    for (_, boot), one in boots.items():
        mine = [of for of in said if of.boot == boot]
        named = [instant for of in mine for instant in instants(of)]
        assert one.sealed_at == max(of.sealed_at for of in mine)
        assert one.named == ((min(named), max(named)) if named else None)


@given(said=st.lists(bodies(), min_size=1, max_size=5))
def test_batches_with_anything_but_samples_are_told_apart_and_each_block_is_there_with_its_session(said):
    group = gather(opened(said))
    assert [one.body for one in group.batches] == said
    assert [one.body for one in group.telling] == [one for one in said if one.gaps or one.marks]
    assert [(key.session, block) for key, block in sample_blocks(group.batches)] == [
        (session_id(block.device, block.counter, block.epoch), block) for one in said for block in one.samples
    ]
