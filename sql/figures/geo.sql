-- By the customer's state. A customer who moves takes all orders along.

-- redis: hash realtime:geo:customers field {state} name geo_customers
SELECT state, count(*) AS customers FROM customers GROUP BY state;

-- redis: hash realtime:geo:revenue field {state} name geo_revenue
SELECT customers.state, sum(orders.total_amount) AS revenue
FROM orders JOIN customers ON customers.id = orders.customer_id
GROUP BY customers.state;
