-- A part of Pagila (https://github.com/devrimgunduz/pagila), the film rental shop for PostgreSQL, written from its public definition:
-- a domain, an enum, composite keys, an array, a text search vector, a partitioned table. The schema "Büro" adds what Pagila lacks:
-- names in quotes and beyond ASCII, a text key, a generated column, a table without a key.

CREATE DOMAIN year AS integer CHECK (value BETWEEN 1901 AND 2155);
CREATE TYPE mpaa_rating AS ENUM ('G', 'PG', 'PG-13', 'R', 'NC-17');

CREATE TABLE language (
  language_id serial PRIMARY KEY,
  name        char(20) NOT NULL,
  last_update timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE category (
  category_id serial PRIMARY KEY,
  name        text NOT NULL,
  last_update timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE actor (
  actor_id    serial PRIMARY KEY,
  first_name  text NOT NULL,
  last_name   text NOT NULL,
  last_update timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE film (
  film_id          serial PRIMARY KEY,
  title            text NOT NULL,
  description      text,
  release_year     year,
  language_id      integer NOT NULL REFERENCES language,
  rental_duration  smallint NOT NULL DEFAULT 3,
  rental_rate      numeric(4,2) NOT NULL DEFAULT 4.99,
  length           smallint,
  replacement_cost numeric(5,2) NOT NULL DEFAULT 19.99,
  rating           mpaa_rating DEFAULT 'G',
  special_features text[],
  fulltext         tsvector NOT NULL DEFAULT ''
);

CREATE TABLE film_actor (
  actor_id    integer NOT NULL REFERENCES actor,
  film_id     integer NOT NULL REFERENCES film,
  last_update timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (actor_id, film_id)
);

CREATE TABLE film_category (
  film_id     integer NOT NULL REFERENCES film,
  category_id integer NOT NULL REFERENCES category,
  last_update timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (film_id, category_id)
);

CREATE TABLE inventory (
  inventory_id serial PRIMARY KEY,
  film_id      integer NOT NULL REFERENCES film,
  store_id     integer NOT NULL
);

CREATE TABLE rental (
  rental_id    serial PRIMARY KEY,
  rental_date  timestamptz NOT NULL DEFAULT now(),
  inventory_id integer NOT NULL REFERENCES inventory,
  customer_id  integer NOT NULL,
  return_date  timestamptz,
  staff_id     integer NOT NULL DEFAULT 1
);

CREATE TABLE payment (
  payment_id   serial,
  customer_id  integer NOT NULL,
  rental_id    integer NOT NULL,
  amount       numeric(5,2) NOT NULL,
  payment_date timestamptz NOT NULL,
  PRIMARY KEY (payment_date, payment_id)
) PARTITION BY RANGE (payment_date);
CREATE TABLE payment_early PARTITION OF payment FOR VALUES FROM (MINVALUE) TO ('2022-07-01');
CREATE TABLE payment_late  PARTITION OF payment FOR VALUES FROM ('2022-07-01') TO (MAXVALUE);

CREATE SCHEMA "Büro";

CREATE TABLE "Büro"."Straßen & Plätze" (
  "Kürzel"  text PRIMARY KEY,
  "order"   integer NOT NULL DEFAULT 0,
  "Länge m" numeric(8,1)
);

CREATE TABLE "Büro"."user" (
  "Kürzel"      text NOT NULL REFERENCES "Büro"."Straßen & Plätze",
  nr            integer NOT NULL,
  "Größe in m²" numeric(7,2) NOT NULL,
  doubled       numeric(8,2) GENERATED ALWAYS AS ("Größe in m²" * 2) STORED,
  note          text,
  PRIMARY KEY ("Kürzel", nr)
);

CREATE TABLE "Büro".log (said text);

INSERT INTO language (name) VALUES ('English'), ('Français'), ('日本語');
INSERT INTO category (name) SELECT 'Category ' || n FROM generate_series(1, 16) AS n;
INSERT INTO actor (first_name, last_name) SELECT 'First ' || n, 'Last ' || n % 40 FROM generate_series(1, 120) AS n;
INSERT INTO film (title, description, release_year, language_id, rental_rate, length, rating, special_features)
SELECT 'FILM ' || n, repeat('a tale of ' || n || ' ', n % 40), 1950 + n % 70, 1 + n % 3, (ARRAY[0.99, 2.99, 4.99])[1 + n % 3], NULLIF(n % 180, 0),
       (enum_range(NULL::mpaa_rating))[1 + n % 5], ARRAY['Trailers', 'Scenes']
FROM generate_series(1, 300) AS n;
INSERT INTO film_actor (actor_id, film_id) SELECT DISTINCT 1 + (n * 7) % 120, 1 + n % 300 FROM generate_series(1, 1500) AS n;
INSERT INTO film_category (film_id, category_id) SELECT n, 1 + n % 16 FROM generate_series(1, 300) AS n;
INSERT INTO inventory (film_id, store_id) SELECT 1 + n % 300, 1 + n % 2 FROM generate_series(1, 900) AS n;
INSERT INTO rental (inventory_id, customer_id, rental_date, return_date)
SELECT 1 + n % 900, 1 + n % 599, '2022-05-24 10:00+00'::timestamptz + n * interval '7 minutes', CASE WHEN n % 9 > 0 THEN '2022-06-20 12:30:00.25+00'::timestamptz END
FROM generate_series(1, 3000) AS n;
INSERT INTO payment (customer_id, rental_id, amount, payment_date)
SELECT customer_id, rental_id, 2.99, rental_date FROM rental;
INSERT INTO "Büro"."Straßen & Plätze" VALUES ('Am Mühlbach', 1, 120.5), ('a:b%c', 2, NULL), ('', 3, 0.0), ('{x} "y" ''z''', 4, 10000.0);
INSERT INTO "Büro"."user" ("Kürzel", nr, "Größe in m²", note) SELECT "Kürzel", n, n * 1.25, NULLIF('note ✓ ' || n, 'note ✓ 3')
FROM "Büro"."Straßen & Plätze", generate_series(1, 200) AS n;
