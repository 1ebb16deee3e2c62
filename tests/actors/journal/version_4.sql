PRAGMA application_id = 1413827658;
PRAGMA user_version = 4;
BEGIN TRANSACTION;
CREATE TABLE about (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            account TEXT NOT NULL,
            created_ms INTEGER NOT NULL,
            probes INTEGER NOT NULL DEFAULT 0
        ) STRICT;
INSERT INTO "about" VALUES(1,'alice',1790000000000,1);
CREATE TABLE dropped (
            what TEXT NOT NULL,
            symbol TEXT NOT NULL,
            through_ms INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (what, symbol)
        ) STRICT;
CREATE TABLE fills (
            symbol TEXT NOT NULL,
            trade_id TEXT NOT NULL,
            order_id TEXT NOT NULL,
            time_ms INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (symbol, trade_id)
        ) STRICT;
INSERT INTO "fills" VALUES('SOL/USDT','t1','1',1,'{"symbol":{"base":"SOL","quote":"USDT"},"trade_id":"t1","order_id":"1","client_order_id":"c1","side":"buy","price":"100","quantity":"1","fee":"0.001","fee_currency":"SOL","liquidity":"maker","time_ms":1}');
INSERT INTO "fills" VALUES('SOL/USDT','t2','1',1,'{"symbol":{"base":"SOL","quote":"USDT"},"trade_id":"t2","order_id":"1","client_order_id":"c1","side":"buy","price":"100","quantity":"0.5","fee":"0E-8","fee_currency":"SOL","liquidity":"maker","time_ms":1}');
INSERT INTO "fills" VALUES('SOL/USDT','t3','4',5,'{"symbol":{"base":"SOL","quote":"USDT"},"trade_id":"t3","order_id":"4","client_order_id":"c1","side":"buy","price":"100","quantity":"1","fee":"1E-8","fee_currency":null,"liquidity":"maker","time_ms":5}');
INSERT INTO "fills" VALUES('BTC/USDT','t3','9',1,'{"symbol":{"base":"BTC","quote":"USDT"},"trade_id":"t3","order_id":"9","client_order_id":"c1","side":"buy","price":"100","quantity":"10","fee":"-0.0025","fee_currency":"GT","liquidity":"maker","time_ms":1}');
INSERT INTO "fills" VALUES('BTC/USDT','t4','9',1,'{"symbol":{"base":"BTC","quote":"USDT"},"trade_id":"t4","order_id":"9","client_order_id":"c1","side":"sell","price":"100","quantity":"10","fee":"0","fee_currency":null,"liquidity":"maker","time_ms":1}');
CREATE TABLE intents (
            id INTEGER PRIMARY KEY,
            kind TEXT NOT NULL,
            symbol TEXT,
            order_id TEXT,
            client_id TEXT,
            made_ms INTEGER NOT NULL,
            command TEXT NOT NULL,
            is_open INTEGER NOT NULL DEFAULT 1,
            outcome TEXT,
            outcome_ms INTEGER,
            detail TEXT NOT NULL DEFAULT ''
        , unresolved_ms INTEGER, arrives_by_ms INTEGER) STRICT;
INSERT INTO "intents" VALUES(1,'place','SOL/USDT',NULL,'c9',1790000000000,'{"symbol":{"base":"SOL","quote":"USDT"},"side":"buy","type":"limit","time_in_force":"gtc","quantity":"2.50","quote_quantity":null,"price":"141.2","client_order_id":"c9"}',1,NULL,NULL,'',NULL,NULL);
CREATE TABLE orders (
            symbol TEXT NOT NULL,
            order_id TEXT NOT NULL,
            client_order_id TEXT,
            status TEXT NOT NULL,
            is_open INTEGER NOT NULL,
            updated_ms INTEGER NOT NULL,
            record TEXT NOT NULL,
            UNIQUE (symbol, order_id)
        ) STRICT;
INSERT INTO "orders" VALUES('SOL/USDT','1','c€"\1','partially_filled',1,1,'{"symbol":{"base":"SOL","quote":"USDT"},"side":"buy","type":"limit","time_in_force":"gtc","status":"partially_filled","quantity":"10","price":"100","quote_quantity":null,"filled_quantity":"1.5","filled_quote":"150.0","fee":"0.0015","fee_currency":"SOL","order_id":"1","client_order_id":"c€\"\\1","finish_reason":null,"created_ms":1,"updated_ms":1}');
INSERT INTO "orders" VALUES('SOL/USDT','2','c1','filled',0,1,'{"symbol":{"base":"SOL","quote":"USDT"},"side":"buy","type":"limit","time_in_force":"gtc","status":"filled","quantity":"10","price":"100","quote_quantity":null,"filled_quantity":"10","filled_quote":"1000","fee":"-0.0025","fee_currency":"GT","order_id":"2","client_order_id":"c1","finish_reason":"filled","created_ms":1,"updated_ms":1}');
INSERT INTO "orders" VALUES('SOL/USDT','3','c1','new',1,1,'{"symbol":{"base":"SOL","quote":"USDT"},"side":"buy","type":"limit","time_in_force":"gtc","status":"new","quantity":"10","price":"100","quote_quantity":null,"filled_quantity":"0","filled_quote":"0","fee":"0.000","fee_currency":null,"order_id":"3","client_order_id":"c1","finish_reason":null,"created_ms":1,"updated_ms":1}');
INSERT INTO "orders" VALUES('SOL/USDT','4','c1','partially_filled',1,1,'{"symbol":{"base":"SOL","quote":"USDT"},"side":"buy","type":"limit","time_in_force":"gtc","status":"partially_filled","quantity":"10","price":"100","quote_quantity":null,"filled_quantity":"1","filled_quote":"100","fee":"1E-8","fee_currency":null,"order_id":"4","client_order_id":"c1","finish_reason":null,"created_ms":1,"updated_ms":1}');
CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL, set_ms INTEGER NOT NULL) STRICT;
CREATE INDEX intents_open ON intents (id) WHERE is_open = 1;
CREATE INDEX orders_open ON orders (symbol) WHERE is_open = 1;
CREATE INDEX orders_finished ON orders (symbol, updated_ms) WHERE is_open = 0;
CREATE INDEX orders_by_client_id ON orders (symbol, client_order_id);
CREATE INDEX fills_by_order ON fills (symbol, order_id);
CREATE INDEX fills_by_time ON fills (symbol, time_ms, trade_id);
COMMIT;
