-- Ordered by their score: ZRANGE top:customers 0 9 REV WITHSCORES shows the best ten.

-- redis: zset top:customers member {customer_id} score spent name top_customers
SELECT customer_id, sum(total_amount) AS spent FROM orders GROUP BY customer_id;

-- redis: zset top:products member {product_id} score revenue name top_products
SELECT product_id, sum(quantity * unit_price) AS revenue FROM order_items GROUP BY product_id;
