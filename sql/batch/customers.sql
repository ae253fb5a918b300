-- What each customer is worth to the shop. Who has no order is Bronze and inactive.

-- redis: hash batch_etl:customers:latest field {id} every 60s name batch_customers
WITH spending AS (
  SELECT customers.id, count(orders.id) AS order_count, coalesce(sum(orders.total_amount), 0) AS spent,
         max(orders.order_date) AS last_order_at
  FROM customers LEFT JOIN orders ON orders.customer_id = customers.id
  GROUP BY customers.id
), limits AS (
  SELECT percentile_cont(0.8) WITHIN GROUP (ORDER BY spent) AS much,
         percentile_cont(0.6) WITHIN GROUP (ORDER BY spent) AS fair,
         percentile_cont(0.8) WITHIN GROUP (ORDER BY order_count) AS often
  FROM spending
)
SELECT id,
       json_build_object(
         'segment', CASE WHEN spent >= much AND order_count >= often THEN 'Gold'
                         WHEN spent >= fair AND order_count > 0 THEN 'Silver'
                         ELSE 'Bronze' END,
         'recency', CASE WHEN last_order_at > (now() AT TIME ZONE 'UTC') - interval '7 days' THEN 'very active'
                         WHEN last_order_at > (now() AT TIME ZONE 'UTC') - interval '30 days' THEN 'active'
                         ELSE 'inactive' END,
         'orders', order_count,
         'lifetime_value', spent,
         'average_order', round(spent / nullif(order_count, 0), 2),
         'last_order_at', last_order_at) AS customer
FROM spending, limits;
