-- The online shop: tables, first rows, roles, publication. What Millrace shows by default and is tested with.
--
-- An administrator runs it with psql in the new database (roles with REPLICATION take a superuser); everything in it then belongs to `owner`.
-- It may run again: it makes what is missing and leaves rows alone.
--   psql -v owner=shop -v debezium_password=... -v node_password=... -f init.sql shop
-- Without a variable: owner is who runs it, and a role without a password can't log in over TCP until it is given one.
--
-- All times are timestamp without time zone, in UTC.

\set ON_ERROR_STOP on
\if :{?owner}
\else
  \set owner :USER
\endif
\if :{?project}
\else
  \set project shop
\endif
\if :{?debezium_role}
\else
  \set debezium_role millrace_debezium
\endif
\if :{?node_role}
\else
  \set node_role millrace_node
\endif
SET search_path = pg_catalog, pg_temp;  -- a database's own could hide PostgreSQL's functions
SET client_min_messages = warning;
SET timezone = 'UTC';

-- Roles. Debezium reads the tables and the log; a node reads the tables (verify, check, a row read again). Both write signals and nothing else.
SELECT format('CREATE ROLE %I LOGIN REPLICATION', :'debezium_role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'debezium_role') \gexec
SELECT format('CREATE ROLE %I LOGIN', :'node_role')
WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'node_role') \gexec
\if :{?debezium_password}
  ALTER ROLE :"debezium_role" PASSWORD :'debezium_password';
\endif
\if :{?node_password}
  ALTER ROLE :"node_role" PASSWORD :'node_password';
\endif
-- Any text for a row's time or number must not depend on who asks.
ALTER ROLE :"debezium_role" SET timezone = 'UTC';
ALTER ROLE :"node_role" SET timezone = 'UTC';

BEGIN;
SELECT format('GRANT CREATE, CONNECT ON DATABASE %I TO %I', current_database(), :'owner') \gexec
GRANT USAGE, CREATE ON SCHEMA public TO :"owner";
SET LOCAL ROLE :"owner";

CREATE TABLE IF NOT EXISTS public.customers (
  id         serial PRIMARY KEY,
  first_name varchar(100) NOT NULL,
  last_name  varchar(100) NOT NULL,
  email      varchar(255) NOT NULL UNIQUE,
  phone      varchar(50),
  address    text,
  city       varchar(100),
  state      varchar(50),
  zip_code   varchar(20),
  created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE TABLE IF NOT EXISTS public.products (
  id             serial PRIMARY KEY,
  name           varchar(255) NOT NULL,
  description    text,
  price          numeric(10,2) NOT NULL,
  category       varchar(100),
  stock_quantity integer NOT NULL DEFAULT 0,
  created_at     timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at     timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE TABLE IF NOT EXISTS public.orders (
  id               serial PRIMARY KEY,
  customer_id      integer REFERENCES public.customers (id),
  order_date       timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  total_amount     numeric(10,2),
  status           varchar(50) NOT NULL DEFAULT 'pending',
  shipping_address text,
  created_at       timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC'),
  updated_at       timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE TABLE IF NOT EXISTS public.order_items (
  id         serial PRIMARY KEY,
  order_id   integer REFERENCES public.orders (id),
  product_id integer REFERENCES public.products (id),
  quantity   integer NOT NULL,
  unit_price numeric(10,2) NOT NULL,
  created_at timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
);

CREATE INDEX IF NOT EXISTS customers_state_idx        ON public.customers (state);
CREATE INDEX IF NOT EXISTS products_category_idx      ON public.products (category);
CREATE INDEX IF NOT EXISTS orders_customer_id_idx     ON public.orders (customer_id);
CREATE INDEX IF NOT EXISTS orders_status_idx          ON public.orders (status);
CREATE INDEX IF NOT EXISTS orders_order_date_idx      ON public.orders (order_date);
CREATE INDEX IF NOT EXISTS order_items_order_id_idx   ON public.order_items (order_id);
CREATE INDEX IF NOT EXISTS order_items_product_id_idx ON public.order_items (product_id);

-- The change record of an update or delete must hold the old row: its foreign keys tell where the row was counted before.
ALTER TABLE public.customers   REPLICA IDENTITY FULL;
ALTER TABLE public.products    REPLICA IDENTITY FULL;
ALTER TABLE public.orders      REPLICA IDENTITY FULL;
ALTER TABLE public.order_items REPLICA IDENTITY FULL;

-- What Millrace itself needs in the database.
CREATE SCHEMA IF NOT EXISTS millrace;
DO $$ BEGIN
  IF EXISTS (SELECT FROM pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid
             JOIN pg_catalog.pg_roles r ON r.oid IN (n.nspowner, c.relowner)
             WHERE n.nspname = 'millrace' AND NOT r.rolsuper AND r.rolname <> current_user) THEN
    RAISE EXCEPTION 'the schema millrace or a table in it belongs to another role, whose triggers would run as you: drop it';
  END IF;
END $$;

-- Debezium reads commands from here ("take a snapshot again") and marks its snapshots' windows.
CREATE TABLE IF NOT EXISTS millrace.debezium_signal (
  id   varchar(64) PRIMARY KEY,
  type varchar(32),
  data text
);

-- Always one row: its snapshot record tells the LSN of every snapshot, even where all other tables are empty.
CREATE TABLE IF NOT EXISTS millrace.anchor (
  id   integer PRIMARY KEY CHECK (id = 1),
  note text
);
INSERT INTO millrace.anchor VALUES (1, 'Read by Millrace in every snapshot. Leave it here.') ON CONFLICT DO NOTHING;

ALTER TABLE millrace.debezium_signal REPLICA IDENTITY FULL;
ALTER TABLE millrace.anchor          REPLICA IDENTITY FULL;

SELECT format('CREATE PUBLICATION %I FOR TABLE public.customers, public.products, public.orders, public.order_items, '
              'millrace.debezium_signal, millrace.anchor', 'millrace_' || :'project')
WHERE NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'millrace_' || :'project') \gexec

GRANT USAGE ON SCHEMA public, millrace TO :"debezium_role", :"node_role";
GRANT SELECT ON ALL TABLES IN SCHEMA public, millrace TO :"debezium_role", :"node_role";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO :"debezium_role", :"node_role";
GRANT INSERT, DELETE ON millrace.debezium_signal TO :"debezium_role", :"node_role";

-- The first rows, only into an empty shop. Identifiers come from the sequences, so that those that follow go on behind them.
SELECT NOT EXISTS (SELECT FROM public.customers) AS is_new \gset
\if :is_new

INSERT INTO public.customers (first_name, last_name, email, phone, address, city, state, zip_code, created_at, updated_at)
SELECT first_name, last_name, lower(first_name || '.' || last_name || '@example.com'), '555-01' || lpad(n::text, 2, '0'),
       n * 7 || ' ' || street, city, state, zip_code, joined, joined
FROM (VALUES
  (1,  'Ada',    'Okafor',    'Mill Lane',     'Springfield', 'IL', '62701'), (2,  'Ben',   'Larsson',  'Race Street',  'Portland',   'OR', '97201'),
  (3,  'Chen',   'Wei',       'Harbor Road',   'Seattle',     'WA', '98101'), (4,  'Dalia', 'Haddad',   'Cedar Avenue', 'Austin',     'TX', '78701'),
  (5,  'Emil',   'Novak',     'Orchard Row',   'Denver',      'CO', '80202'), (6,  'Farah', 'Rahimi',   'Lake View',    'Chicago',    'IL', '60601'),
  (7,  'Goran',  'Petrov',    'Station Road',  'Columbus',    'OH', '43004'), (8,  'Hana',  'Sato',     'Maple Court',  'San Jose',   'CA', '95101'),
  (9,  'Ines',   'Moreau',    'River Walk',    'New Orleans', 'LA', '70112'), (10, 'Jonas', 'Weber',    'Hill Street',  'Milwaukee',  'WI', '53202'),
  (11, 'Kavya',  'Iyer',      'Park Avenue',   'New York',    'NY', '10001'), (12, 'Liam',  'O''Brien', 'Dock Street',  'Boston',     'MA', '02108'),
  (13, 'Marta',  'Kowalska',  'Elm Street',    'Buffalo',     'NY', '14201'), (14, 'Noah',  'Fischer',  'Canal Street', 'Cincinnati', 'OH', '45202'),
  (15, 'Oluchi', 'Eze',       'Bay Street',    'Houston',     'TX', '77002'), (16, 'Pedro', 'Alvarez',  'Mission Road', 'San Diego',  'CA', '92101'),
  (17, 'Quinn',  'Murphy',    'Ferry Road',    'Oakland',     'CA', '94607'), (18, 'Rosa',  'Ricci',    'Vine Street',  'Napa',       'CA', '94558'),
  (19, 'Søren',  'Ångström',  'North Street',  'Minneapolis', 'MN', '55401'), (20, 'Tomás', 'Núñez',    'Plaza Road',   'Santa Fe',   'NM', '87501')
) AS person (n, first_name, last_name, street, city, state, zip_code),
LATERAL (SELECT date_trunc('second', now() AT TIME ZONE 'UTC') - (21 - n) * interval '1 day' AS joined) AS since
ORDER BY n;

INSERT INTO public.products (name, description, price, category, stock_quantity)
SELECT name, description, price, category, 100 + n * 10
FROM (VALUES
  (1,  'Laptop 14"',          'Light, with a long battery life',       1199.00, 'electronics'), (2,  'Phone',           'Six inches, two cameras',         699.00, 'electronics'),
  (3,  'Headphones',          'Over the ear, noise cancelling',         249.90, 'electronics'), (4,  'Keyboard',        'Mechanical, quiet switches',       89.95, 'electronics'),
  (5,  'Running shoes',       'For roads and light trails',             129.00, 'sports'),      (6,  'Yoga mat',        'Natural rubber, 5 mm',             39.50, 'sports'),
  (7,  'Water bottle',        'Steel, 750 ml',                           24.00, 'sports'),      (8,  'Coffee grinder',  'Burrs, 40 settings',              119.00, 'home'),
  (9,  'Desk lamp',           'Dimmable, warm to cold',                  59.99, 'home'),        (10, 'Cotton towels',   'Set of four',                      34.00, 'home'),
  (11, 'Cast iron pan',       '26 cm',                                   44.90, 'home'),        (12, 'Novel',           'Paperback, 384 pages',             12.99, 'books'),
  (13, 'Cook book',           'One hundred suppers',                     29.95, 'books'),       (14, 'Rain jacket',     'Three layers, taped seams',       179.00, 'clothing'),
  (15, 'Merino sweater',      NULL,                                      95.00, 'clothing')
) AS article (n, name, description, price, category)
ORDER BY n;

-- Thirty orders of one to three items each; an order's total is the sum of its items.
INSERT INTO public.orders (customer_id, order_date, total_amount, status, shipping_address, created_at, updated_at)
SELECT customer.id, placed, 0, (ARRAY['delivered', 'shipped', 'processing', 'pending', 'delivered', 'cancelled'])[1 + n % 6],
       customer.address || ', ' || customer.city, placed, placed
FROM generate_series(1, 30) AS n,
LATERAL (SELECT date_trunc('second', now() AT TIME ZONE 'UTC') - (31 - n) * interval '7 hours' AS placed) AS moment,
LATERAL (SELECT * FROM public.customers ORDER BY id OFFSET (n * n) % 20 LIMIT 1) AS customer
ORDER BY n;

INSERT INTO public.order_items (order_id, product_id, quantity, unit_price, created_at)
SELECT placed.id, product.id, 1 + (placed.n + i) % 3, product.price, placed.order_date
FROM (SELECT *, row_number() OVER (ORDER BY id)::integer AS n FROM public.orders) AS placed,
LATERAL generate_series(1, 1 + placed.n % 3) AS i,
LATERAL (SELECT * FROM public.products ORDER BY id OFFSET (placed.n * i * 4) % 15 LIMIT 1) AS product
ORDER BY placed.n, i;

UPDATE public.orders SET total_amount = paid.total
FROM (SELECT order_id, sum(quantity * unit_price) AS total FROM public.order_items GROUP BY order_id) AS paid
WHERE paid.order_id = orders.id;

\endif
COMMIT;
