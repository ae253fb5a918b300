-- How each product sells, and whether it is in stock.

-- redis: hash batch_etl:products:latest field {id} every 60s name batch_products
WITH sales AS (
  SELECT products.id, products.stock_quantity AS stock, coalesce(sum(order_items.quantity), 0) AS sold,
         coalesce(sum(order_items.quantity * order_items.unit_price), 0) AS revenue
  FROM products LEFT JOIN order_items ON order_items.product_id = products.id
  GROUP BY products.id
), limits AS (
  SELECT percentile_cont(0.8) WITHIN GROUP (ORDER BY revenue) AS much,
         percentile_cont(0.8) WITHIN GROUP (ORDER BY sold) AS many
  FROM sales
)
SELECT id,
       json_build_object(
         'performance', CASE WHEN sold = 0 THEN 'Low Performer'
                             WHEN revenue >= much AND sold >= many THEN 'Star Product'
                             WHEN revenue >= much THEN 'High Revenue'
                             WHEN sold >= many THEN 'Fast Moving'
                             ELSE 'Low Performer' END,
         'stock_status', CASE WHEN stock <= 0 THEN 'Out of Stock'
                              WHEN stock < 10 THEN 'Low Stock'
                              ELSE 'In Stock' END,
         'sold', sold,
         'revenue', revenue,
         'stock', stock,
         'turnover', round(sold::numeric / nullif(stock, 0), 2)) AS product
FROM sales, limits;
