"""The dispatcher killed -9 at every step: the order goes, under a number that nothing else ever had."""

from sqlalchemy import update

from monitor_api.clock import clocks
from monitor_api.orders.asking import ask_hold
from monitor_api.orders.dispatcher import Dispatcher
from monitor_api.orders.sending import Seals, take_due
from monitor_api.records.key_wrap import KeyWrap
from monitor_api.records.orders import SendingRow
from monitor_api.records.signing import Signatures
from tests.kills.dying import in_child, lines, noted, steps_to_die_at
from tests.monitor_api.orders.desk import Desk
from tests.service import SECRET, give_back, open_service
from vocabulary.wire.orders import read_order_header


class DispatcherThatSendsOnce(Dispatcher):
    """The sabotaged twin: what it took once is sent, it thinks."""

    def send_due(self, line):
        with self._database.write() as session:
            orders = take_due(session, self._seals, self._now())
            session.execute(update(SendingRow).values(due_at=None))
        for order in orders:
            line.publish(order)
        return len(orders)


class Crash:
    """One hold that is to go, a dispatcher that dies over it, and one that comes after."""

    def __init__(self, directory, dispatcher=Dispatcher):
        self.directory, self.dispatcher = directory, dispatcher
        directory.mkdir()
        desk = Desk(directory)
        desk.ask(ask_hold, None)
        desk.close()

    def work(self, steps):
        stores = open_service(self.directory)
        stores.database.engine.dispose()
        steps.watch_engine(stores.database.engine)
        with noted(self.directory / "published") as note:
            seals = Seals(wrap=KeyWrap(SECRET), signatures=Signatures(None))
            dispatcher = self.dispatcher(stores.database, seals, clocks({}))
            dispatcher.send_due(Broker(note, steps))

    def kill_at(self, step):
        return in_child(self.work, step)

    def recover(self):
        """How often a restarted dispatcher sends the order when it is due again; all numbers that ever went out."""
        desk = Desk(self.directory, founded=True)
        desk.later(seconds=1).dispatch()
        again = len(desk.line.published)
        desk.close()
        return again, [*map(int, lines(self.directory / "published")), *desk.line.numbers()]


class Broker:
    """Notes the number of what is published; that is a step, too."""

    def __init__(self, note, steps):
        self._note, self._steps = note, steps

    def publish(self, order):
        self._note(read_order_header(order.payload).number)
        self._steps.step()


def test_at_whatever_step_the_dispatcher_dies_the_order_goes_under_a_number_of_its_own(data):
    total = Crash(data / "count").kill_at(None)
    assert total > 10
    for step in steps_to_die_at(data, total):
        crash = Crash(data / str(step))
        assert crash.kill_at(step) is None
        again, numbers = crash.recover()
        assert again == 1, f"killed at step {step} of {total}"
        assert numbers == sorted(set(numbers)), f"killed at step {step} of {total}"
        give_back(crash.directory)


def test_a_twin_that_sends_once_is_caught(data):
    total = Crash(data / "count", DispatcherThatSendsOnce).kill_at(None)
    outcomes = []
    for step in range(1, total + 1):
        crash = Crash(data / str(step), DispatcherThatSendsOnce)
        crash.kill_at(step)
        outcomes.append(crash.recover()[0])
        give_back(crash.directory)
    assert 0 in outcomes
