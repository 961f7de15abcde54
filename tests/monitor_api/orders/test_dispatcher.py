"""Whatever fails in a round of the dispatcher's, orders go on."""

from threading import Event, Thread

from monitor_api.orders.asking import ask_stop
from monitor_api.orders.dispatcher import Dispatcher
from tests.monitor_api.orders.desk import Desk, FakeLine


class NeverTends(Dispatcher):
    """Has a fault where it follows devices."""

    def tend(self):
        raise ZeroDivisionError


class FailsOnce(Dispatcher):
    """Has a fault in its first round."""

    failed = False

    def send_due(self, line):
        if not self.failed:
            self.failed = True
            raise ZeroDivisionError
        return super().send_due(line)


class LastLine(FakeLine):
    """Ends the dispatcher after one round."""

    def __init__(self, stop: Event) -> None:
        super().__init__()
        self._stop = stop

    def publish(self, order):
        super().publish(order)
        self._stop.set()


def test_a_fault_in_one_part_of_a_round_keeps_nothing_else_from_being_done(desk: Desk):
    wish, line = desk.ask(ask_stop), FakeLine()
    desk.another(NeverTends).work(line)
    assert wish in [order.wish for order in line.orders()]


def test_a_round_that_failed_is_followed_by_others(desk: Desk):
    wish, stop = desk.ask(ask_stop), Event()
    line = LastLine(stop)
    thread = Thread(target=desk.another(FailsOnce).run, args=(line, stop))
    thread.start()
    thread.join(10)
    stop.set()
    assert wish in [order.wish for order in line.orders()]
