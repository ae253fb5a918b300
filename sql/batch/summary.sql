-- The shop in one line.

-- redis: json batch_summary:latest every 60s name batch_summary
SELECT (SELECT count(*) FROM customers) AS customers,
       (SELECT count(*) FROM products) AS products,
       (SELECT count(*) FROM products WHERE stock_quantity <= 0) AS out_of_stock,
       count(*) AS orders,
       coalesce(sum(total_amount), 0) AS revenue,
       round(avg(total_amount), 2) AS average_order,
       count(DISTINCT customer_id) AS buyers,
       max(order_date) AS last_order_at
FROM orders;
