-- Orders and customers that somebody should look at.

-- alert: high_value_order severity info
SELECT id, customer_id, total_amount, order_date FROM orders WHERE total_amount > 5000;

-- alert: bulk_item severity info
SELECT id, order_id, product_id, quantity FROM order_items WHERE quantity >= 50;

-- alert: bulk_order severity info
SELECT order_id, count(*) AS items, sum(quantity) AS units
FROM order_items GROUP BY order_id HAVING count(*) >= 20;

-- Ten orders of one customer within five minutes. A minute's pause doesn't end the burst.
-- alert: order_burst severity warning keep 1m
SELECT customer_id, count(*) AS orders, sum(total_amount) AS spent
FROM orders WHERE order_date > now() - interval '5 minutes'
GROUP BY customer_id HAVING count(*) >= 10;
