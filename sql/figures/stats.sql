-- One hash for each customer and each product.

-- redis: hash customer:{customer_id}:stats name customer_stats
SELECT customer_id, count(*) AS orders, sum(total_amount) AS spent, max(order_date) AS last_order_at
FROM orders GROUP BY customer_id;

-- redis: hash product:{product_id}:stats name product_stats
SELECT product_id, sum(quantity) AS sold, sum(quantity * unit_price) AS revenue
FROM order_items GROUP BY product_id;
