-- Items that are not sealed yet, in the order they came.
CREATE TABLE IF NOT EXISTS pending (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, content BLOB NOT NULL);

-- Items that waited and no longer read; kept with the reason, sent by nobody.
CREATE TABLE IF NOT EXISTS unreadable (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, content BLOB NOT NULL, reason TEXT NOT NULL);

-- Sealed batches. `state`: waiting for a receipt, taken, or refused with a reason.
CREATE TABLE IF NOT EXISTS batch (
    id INTEGER PRIMARY KEY,
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    tag TEXT NOT NULL,
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'refused')),
    reason TEXT,
    settled_at TEXT,
    UNIQUE (epoch, number)
);
CREATE INDEX IF NOT EXISTS batch_waiting ON batch (id) WHERE state = 'waiting';

-- Every opening of this file: its epoch, and the gateway's boot number.
CREATE TABLE IF NOT EXISTS opening (boot INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, at TEXT NOT NULL);

-- What is remembered of each device from one start to the next.
CREATE TABLE IF NOT EXISTS memory (device TEXT PRIMARY KEY, content BLOB NOT NULL) WITHOUT ROWID;
