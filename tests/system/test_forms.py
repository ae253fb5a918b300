#!/usr/bin/env python3
"""Values come out as PostgreSQL prints them, whatever a type is called and whatever a text looks like. What Debezium
can't carry is said by column."""
import json

import running
from stack import wait_until

PUBLIC = "__debezium_unavailable_value"
TABLES = """
CREATE DOMAIN moment AS timestamp(3); CREATE DOMAIN later AS moment CHECK (VALUE > '1970-01-01');
CREATE DOMAIN clock AS time(2); CREATE DOMAIN hundreds AS numeric(5,-2); CREATE DOMAIN thousands AS hundreds;
CREATE TABLE m(id int PRIMARY KEY, at moment, deep later, c clock, h thousands, n numeric(3,5));
CREATE TABLE note(id int PRIMARY KEY, body text, bytes bytea);
CREATE TABLE far(id int PRIMARY KEY, at timestamp);
CREATE TABLE ides(id int PRIMARY KEY, d date, at timestamp);
ALTER TABLE m REPLICA IDENTITY FULL; ALTER TABLE note REPLICA IDENTITY FULL;
ALTER TABLE note ALTER body SET STORAGE EXTERNAL, ALTER bytes SET STORAGE EXTERNAL;
"""


class Forms(running.SystemTest):
    @classmethod
    def setUpClass(cls):
        cls.take_figures("revenue.sql")
        super().setUpClass()
        cls.stack.sql(TABLES)
        for table in ("m", "note", "far", "ides"):
            (cls.folder /
             f"{table}.sql").write_text(f"-- redis: json {table}:{{id}} name {table}\nSELECT * FROM {table};\n")
        cls.stack.up()

    def shown(self, table, row):
        text = self.stack.redis("GET", f"{table}:{row}")
        return json.loads(text) if text else {}

    def assert_shown(self, table, row, **values):
        """Asserts that the row gets these values, as row_to_json writes them."""
        wait_until(f"{table}:{row} has {values}", lambda: values.items() <= self.shown(table, row).items(), 30)

    def letters(self, table):
        return [
            line for line in self.stack.door("dead-letters", "list").stdout.splitlines()
            if line.startswith(f"dbserver1.public.{table}/")
        ]

    def assert_letters(self, table, *words):
        """Asserts that letters of the table are open, each with the words."""
        for line in wait_until(f"letters of {table}", lambda: self.letters(table), 30):
            for word in words:
                self.assertIn(word, line)

    def test_columns_of_domains_are_shown_as_their_base_types(self):
        self.stack.sql(
            "INSERT INTO m VALUES (1, '2024-05-06 07:08:09.123', '2024-05-06 07:08:09.5', '01:02:03.45', 12345, "
            "0.00123)"
        )
        self.assert_shown("m", 1, at="2024-05-06T07:08:09.123", deep="2024-05-06T07:08:09.5", c="01:02:03.45", h=12300,
                          n=0.00123)
        self.stack.sql("UPDATE m SET at = '0044-03-15 12:00:00 BC', c = '24:00', h = -99900 WHERE id = 1")
        self.assert_shown("m", 1, at="0044-03-15T12:00:00 BC", c="24:00:00", h=-99900)

    def test_a_text_equal_to_the_public_placeholder_is_shown(self):
        self.stack.sql(
            f"INSERT INTO note VALUES (1, 'first', 'first'); UPDATE note SET body = '{PUBLIC}', bytes = '{PUBLIC}' "
            "WHERE id = 1;"
            f"INSERT INTO note VALUES (2, '{PUBLIC}', NULL)")
        self.assert_shown("note", 1, body=PUBLIC, bytes="\\x" + PUBLIC.encode().hex())
        self.assert_shown("note", 2, body=PUBLIC)

    def test_the_connector_keeps_a_placeholder_of_its_own(self):
        connector = "/connectors/millrace-shop/config"
        placeholder = self.stack.rest(connector)["unavailable.value.placeholder"]
        self.assertRegex(placeholder, f"^{PUBLIC}_[0-9a-f]{{32}}$")
        self.stack.door("connector", "register", environment={"MILLRACE_FIGURES": str(self.folder)})
        after = self.stack.rest(connector)
        self.assertEqual(after["unavailable.value.placeholder"], placeholder)
        self.assertEqual(after["transforms.placeholder.value.literal"], placeholder)

    def test_a_long_value_that_the_log_leaves_out_is_never_shown(self):
        """Without the old row nothing has it: a letter, and no text of Debezium's."""
        self.stack.sql(
            "INSERT INTO note VALUES (3, repeat('long', 3000), 'x'); ALTER TABLE note REPLICA IDENTITY DEFAULT;"
            "UPDATE note SET bytes = 'y' WHERE id = 3; ALTER TABLE note REPLICA IDENTITY FULL; UPDATE note SET bytes "
            "= 'z' WHERE id = 2"
        )
        self.assert_letters("note", "column body", "REPLICA IDENTITY FULL")
        self.assert_shown("note", 2, bytes="\\x7a")
        self.assertEqual(self.shown("note", 3)["body"], "long" * 3000)

    def test_a_timestamp_that_debezium_cannot_carry_is_a_letter(self):
        self.stack.sql(
            "INSERT INTO far VALUES (1, '294276-12-31 23:59:59.999999'), (2, '294247-01-10 04:00:54.775807'), (3, "
            "'294250-01-01 00:00:00'),"
            " (4, 'infinity'), (5, '-infinity'), (6, '294247-01-10 04:00:54.775806'), (7, '4714-11-24 00:00:00 BC')")
        self.assert_shown("far", 4, at="infinity")
        self.assert_shown("far", 5, at="-infinity")
        self.assert_shown("far", 6, at="294247-01-10T04:00:54.775806")
        self.assert_shown("far", 7, at="4714-11-24T00:00:00 BC")
        wait_until("three letters", lambda: len(self.letters("far")) == 3, 30)
        self.assert_letters("far", "column at", "294247-01-10")
        for row in (1, 2, 3):
            self.assertEqual(self.shown("far", row), {})
        wait_until("far is incomplete", lambda: self.stack.figure_states()["far"] == "incomplete", 10)

    def test_dates_of_old_are_shown_from_the_stream(self):
        self.stack.sql(
            "INSERT INTO ides VALUES (1, '0044-03-15 BC', '0044-03-15 12:00:00 BC'), (2, '1582-10-10', '1582-10-10')")
        self.assert_shown("ides", 1, d="0044-03-15 BC", at="0044-03-15T12:00:00 BC")
        self.assert_shown("ides", 2, d="1582-10-10", at="1582-10-10T00:00:00")


if __name__ == "__main__":
    running.main()
