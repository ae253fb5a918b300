-- By the product's category.

-- redis: hash realtime:categories field {category} name categories
SELECT category, count(*) AS products FROM products GROUP BY category;

-- redis: hash realtime:categories:revenue field {category} name categories_revenue
SELECT products.category, sum(order_items.quantity * order_items.unit_price) AS revenue
FROM order_items JOIN products ON products.id = order_items.product_id
GROUP BY products.category;
