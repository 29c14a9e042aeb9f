-- The rows of ci/bench data: every value follows from its number alone.
CREATE TABLE items (id bigint PRIMARY KEY, owner uuid NOT NULL, body text NOT NULL, at timestamptz NOT NULL,
                    price numeric(12, 2) NOT NULL, detail jsonb NOT NULL, amount integer);
INSERT INTO items
SELECT i, md5(i::text)::uuid, left(md5(i || 'a') || md5(i || 'b'), 60),
       timestamptz '2020-01-01 00:00:00+00' + (i * 7919 % 157680000) * interval '1 second' +
         (i * 104729 % 1000000) * interval '1 microsecond',
       (i * 7907 % 100000000) / 100.0 - 1000, jsonb_build_object('kind', i % 1000, 'note', left(md5(i || 'c'), 8)),
       CASE WHEN i % 7 <> 0 THEN (i * 31 % 1000003)::int END
FROM generate_series(1::bigint, :rows) AS i;
