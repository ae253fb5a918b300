-- A hash for each minute of the last 24 hours. Three figures share it, each with its own fields, and
-- realtime:metrics:latest is a copy of the newest minute.

-- redis: hash realtime:metrics:{minute} ttl 24h newest realtime:metrics:latest name minute_orders
SELECT to_char(order_date, 'YYYYMMDD_HH24MI') AS minute,
       count(*) AS orders, sum(total_amount) AS revenue, avg(total_amount) AS avg_order_value
FROM orders GROUP BY minute;

-- redis: hash realtime:metrics:{minute} ttl 24h newest realtime:metrics:latest name minute_items
SELECT to_char(created_at, 'YYYYMMDD_HH24MI') AS minute, sum(quantity) AS items
FROM order_items GROUP BY minute;

-- redis: hash realtime:metrics:{minute} ttl 24h newest realtime:metrics:latest name minute_customers
SELECT to_char(created_at, 'YYYYMMDD_HH24MI') AS minute, count(*) AS customers
FROM customers GROUP BY minute;
