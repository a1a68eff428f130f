"""What a process that died left in the ledger, at each moment of a use."""

from port import SAMPLES
from upstream import JOB_ID

from connector.storage.ledger.model import LedgerEntry

ROOM = SAMPLES / "room.png"


def intended(desk, run):
    action = desk.connector.action(run.action)
    entry = LedgerEntry("stabilityai", action.id, "", "production", "", 3.0, run.id)
    return desk.ledger.intend(entry).id


def not_sent(desk, run):
    desk.ledger.not_sent(intended(desk, run))


def sent(desk, run):
    entry = intended(desk, run)
    desk.ledger.sent(entry)
    return entry


def running(desk, run):
    entry = sent(desk, run)
    now = desk.clock()
    desk.ledger.running(entry, JOB_ID, "fetch-creative-upscale-result", now + 3, now + 86400)
    return entry


def settled(state, outcome, billed, begin=sent):
    def settle(desk, run):
        desk.ledger.settle(begin(desk, run), state, outcome, billed, message="it was told why")

    return settle
