"""Random transactions on the shop's tables: everything that SQL lets a program do to them. Seeded; what it draws
depends on the seed alone."""
import random

STATUSES = ("pending", "processing", "shipped", "delivered", "cancelled", "returned", "", "on hold: 100%", "zurück ✓")
STATES = ("CA", "NY", "TX", "WA", "", "a:b", "100%", "São Paulo", "北海道", "{state}", "x'y", 'q"uote', "tab\there",
          "back\\slash")
TEXTS = ("plain", "", " leading and trailing ", "ünïcödé ✓", "漢字かな交じり文", "🜁🜂🜃🜄", "a:b%c{d}e",
         "'; DROP TABLE orders; --", 'say "hi"', "line one\nline two", "\\N", "null", "\u202eright to left",
         "e\u0301 and é")
MINUTE = "date_trunc('minute', now() AT TIME ZONE 'UTC')"


def quoted(value):
    """Returns a Python value as an SQL constant."""
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "E'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t") + "'"
    return str(value)


class Workload:
    """Writes random transactions through an Sql client."""

    def __init__(self, sql, seed):
        self.sql, self.dice, self.made = sql, random.Random(seed), 0
        self.seed = seed

    def run(self, transactions):
        """Commits (or rolls back) that many transactions of one to eight statements."""
        for _ in range(transactions):
            self.transaction()

    def transaction(self):
        statements = [self.statement() for _ in range(self.dice.choice((1, 1, 1, 2, 3, 5, 8)))]
        if self.dice.random() < 0.2:  # a part of it is taken back
            at = self.dice.randrange(len(statements) + 1)
            statements[at:at] = ["SAVEPOINT s", self.statement(), self.statement(), "ROLLBACK TO s"]
        end = "ROLLBACK" if self.dice.random() < 0.05 else "COMMIT"
        self.sql(";\n".join(["BEGIN", *statements, end]))

    def statement(self):
        kinds = ((self.new_customers, 5), (self.new_products, 2), (self.new_orders, 8), (self.new_items, 8),
                 (self.change_order, 8), (self.change_customer, 4), (self.change_product, 4), (self.change_item, 5),
                 (self.other_parent, 5), (self.other_key, 4), (self.remove, 4), (self.truncate, 0.3))
        return self.dice.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]()

    # What values there are.

    def text(self):
        return self.dice.choice(TEXTS)

    def maybe(self, value):
        return None if self.dice.random() < 0.15 else value

    def money(self):
        pick = self.dice.random()
        if pick < 0.03:
            return "'NaN'"
        if pick < 0.1:
            return self.dice.choice(("0", "0.00", "-0.01", "99999999.99", "-99999999.99"))
        return f"{self.dice.randrange(-5000, 500000) / 100:.2f}"

    def time(self):
        pick = self.dice.random()
        if pick < 0.02:
            return self.dice.choice(("'infinity'::timestamp", "'-infinity'::timestamp"))
        if pick < 0.1:
            return f"'{self.dice.randrange(1950, 2100)}-02-28 23:59:59.{self.dice.randrange(10 ** 6):06d}'::timestamp"
        # Not too near to the end of a bucket's 24 hours.
        return f"{MINUTE} - interval '{self.dice.randrange(60 * 20)} minutes {self.dice.randrange(60000)} milliseconds'"

    def some(self, table, most=3):
        """Returns a condition that a few rows of a table meet."""
        how_many, offset = self.dice.randrange(1, most + 1), self.dice.random()
        return (
            f"id IN (SELECT id FROM {table} ORDER BY id OFFSET (SELECT floor(count(*) * {offset:.6f}) FROM "
            f"{table})::bigint LIMIT {how_many})"
        )

    def one(self, table):
        return (f"(SELECT id FROM {table} ORDER BY id OFFSET (SELECT floor(count(*) * {self.dice.random():.6f}) FROM "
                f"{table})::bigint LIMIT 1)")

    def parent(self, table):
        return "NULL" if self.dice.random() < 0.1 else self.one(table)

    # Statements.

    def new_customers(self):
        rows = []
        for _ in range(self.dice.choice((1, 1, 2, 5))):
            self.made += 1
            values = [
                self.text(),
                self.text(), f"{self.seed}.{self.made}@example.org",
                self.maybe("555"),
                self.maybe(self.text()),
                self.maybe(self.text()),
                self.maybe(self.dice.choice(STATES)),
                self.maybe("00000")
            ]
            rows.append("(" + ", ".join(map(quoted, values)) + f", {self.time()})")
        return (
            "INSERT INTO customers (first_name, last_name, email, phone, address, city, state, zip_code, created_at) "
            "VALUES "
            + ", ".join(rows) + " ON CONFLICT DO NOTHING")

    def new_products(self):
        return (
            f"INSERT INTO products (name, description, price, category, stock_quantity) VALUES ({quoted(self.text())}, "
            f"{quoted(self.maybe(self.text()))}, {self.money()}, {quoted(self.maybe(self.dice.choice(STATES)))}, "
            f"{self.dice.randrange(-5, 2 ** 31)})"
        )

    def new_orders(self):
        rows = [
            f"({self.parent('customers')}, {self.time()}, {self.money() if self.dice.random() > 0.1 else 'NULL'}, "
            f"{quoted(self.dice.choice(STATUSES))}, {quoted(self.maybe(self.text()))})"
            for _ in range(self.dice.choice((1, 1, 3, 20)))
        ]
        return ("INSERT INTO orders (customer_id, order_date, total_amount, status, shipping_address) VALUES "
                + ", ".join(rows))

    def new_items(self):
        rows = [
            f"({self.parent('orders')}, {self.parent('products')}, {self.dice.randrange(-3, 50)}, {self.money()}, "
            f"{self.time()})"
            for _ in range(self.dice.choice((1, 2, 5, 30)))
        ]
        return "INSERT INTO order_items (order_id, product_id, quantity, unit_price, created_at) VALUES " + ", ".join(
            rows)

    def change_order(self):
        what = self.dice.choice(
            (f"status = {quoted(self.dice.choice(STATUSES))}", f"total_amount = {self.money()}", "total_amount = NULL",
             f"order_date = {self.time()}", "status = status", f"shipping_address = {quoted(self.maybe(self.text()))}",
             "total_amount = total_amount * 0.5 WHERE total_amount BETWEEN 0 AND 1000 AND"))
        return f"UPDATE orders SET {what if what.endswith('AND') else what + ' WHERE'} {self.some('orders', 10)}"

    def change_customer(self):
        what = self.dice.choice(
            (f"state = {quoted(self.maybe(self.dice.choice(STATES)))}", f"address = {quoted(self.maybe(self.text()))}",
             f"first_name = {quoted(self.text())}, updated_at = {self.time()}", f"created_at = {self.time()}"))
        return f"UPDATE customers SET {what} WHERE {self.some('customers')}"

    def change_product(self):
        what = self.dice.choice(
            (f"price = {self.money()}", f"category = {quoted(self.maybe(self.dice.choice(STATES)))}",
             f"description = {quoted(self.maybe(self.text()))}", f"stock_quantity = {self.dice.randrange(1000)}"))
        return f"UPDATE products SET {what} WHERE {self.some('products')}"

    def change_item(self):
        what = self.dice.choice(
            (f"quantity = {self.dice.randrange(100)}", f"unit_price = {self.money()}", f"created_at = {self.time()}"))
        return f"UPDATE order_items SET {what} WHERE {self.some('order_items', 20)}"

    def other_parent(self):
        """Foreign keys that change, also to and from NULL."""
        return self.dice.choice(
            (f"UPDATE orders SET customer_id = {self.parent('customers')} WHERE {self.some('orders', 5)}",
             f"UPDATE order_items SET product_id = {self.parent('products')} WHERE {self.some('order_items', 5)}",
             f"UPDATE order_items SET order_id = {self.parent('orders')}, product_id = {self.parent('products')} "
             f"WHERE {self.some('order_items', 5)}"))

    def other_key(self):
        """Primary keys that change: of a child, and of a parent whose children follow it within the transaction."""
        pick = self.dice.randrange(4)
        if pick == 0:
            return f"UPDATE order_items SET id = nextval('order_items_id_seq') WHERE {self.some('order_items', 5)}"
        if pick == 1:  # a key that somebody else had before
            return (f"WITH gone AS (DELETE FROM order_items WHERE id = {self.one('order_items')} RETURNING id) "
                    "INSERT INTO order_items (id, product_id, quantity, unit_price) "
                    f"SELECT id, {self.parent('products')}, 7, {self.money()} FROM gone")
        table, child, column = self.dice.choice(
            (("customers", "orders", "customer_id"), ("orders", "order_items", "order_id"), ("products", "order_items",
                                                                                             "product_id")))
        return (f"DO $$ DECLARE old integer := {self.one(table)}; new integer := nextval('{table}_id_seq'); BEGIN "
                f"CREATE TEMP TABLE moved ON COMMIT DROP AS SELECT id FROM {child} WHERE {column} = old; "
                f"UPDATE {child} SET {column} = NULL WHERE {column} = old; UPDATE {table} SET id = new WHERE id = old; "
                f"UPDATE {child} SET {column} = new WHERE id IN (SELECT id FROM moved); DROP TABLE moved; END $$")

    def remove(self):
        pick = self.dice.randrange(4)
        if pick == 0:
            return f"DELETE FROM order_items WHERE {self.some('order_items', 10)}"
        if pick == 1:
            return (f"DELETE FROM customers c WHERE {self.some('customers')} AND NOT EXISTS (SELECT FROM orders WHERE "
                    "customer_id = c.id)")
        if pick == 2:
            return (f"DELETE FROM products p WHERE {self.some('products')} AND NOT EXISTS (SELECT FROM order_items "
                    "WHERE product_id = p.id)")
        order = self.one("orders")
        return (f"DO $$ DECLARE gone integer := {order}; BEGIN DELETE FROM order_items WHERE order_id = gone; "
                "DELETE FROM orders WHERE id = gone; END $$")

    def truncate(self):
        return self.dice.choice(
            ("TRUNCATE order_items", "TRUNCATE order_items", "TRUNCATE orders, order_items", "TRUNCATE orders CASCADE"))
