-- Items that are not sealed yet, in the order they came, with the boot they came in.
CREATE TABLE pending (
    id INTEGER PRIMARY KEY,
    boot INTEGER NOT NULL,
    kind TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

-- Samples that wait while the service takes nothing: consecutive ones of one session, compressed, and the gap that
-- they leave when they have to give way. `ran_s`: how long the gateway had run in all when they were packed.
CREATE TABLE block (
    id INTEGER PRIMARY KEY,
    boot INTEGER NOT NULL,
    gives_way INTEGER NOT NULL,
    samples INTEGER NOT NULL,
    ran_s INTEGER NOT NULL,
    gap BLOB NOT NULL,
    content BLOB NOT NULL
) STRICT;
CREATE INDEX block_in_order ON block (gives_way, id);

-- Sealed batches. `state`: waiting for a receipt, taken, or refused with a reason. `live`: 0 for one made of blocks.
CREATE TABLE batch (
    id INTEGER PRIMARY KEY,
    live INTEGER NOT NULL,
    key_id INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    tag TEXT NOT NULL,
    sealed BLOB NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'refused')),
    reason TEXT,
    settled_at TEXT,
    UNIQUE (epoch, number)
) STRICT;
CREATE INDEX batch_waiting ON batch (live, id) WHERE state = 'waiting';

-- What was stored and no longer reads; kept with the reason, sent by nobody.
CREATE TABLE unreadable (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    content BLOB NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- Every opening of this file: its epoch, and the gateway's boot number.
CREATE TABLE opening (boot INTEGER PRIMARY KEY, epoch TEXT NOT NULL UNIQUE, at TEXT NOT NULL) STRICT;

-- What is remembered of each device from one start to the next.
CREATE TABLE memory (device TEXT PRIMARY KEY, content BLOB NOT NULL) STRICT, WITHOUT ROWID;
