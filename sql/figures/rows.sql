-- The rows themselves, as row_to_json writes them; two hours after its last change a row leaves Redis.

-- redis: json customer:{id} ttl 2h name customers
SELECT * FROM customers;

-- redis: json product:{id} ttl 2h name products
SELECT * FROM products;

-- redis: json order:{id} ttl 2h name orders
SELECT * FROM orders;
