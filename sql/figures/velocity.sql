-- How fast products sell: units of the last five minutes. A product without sales has no member.

-- redis: zset realtime:velocity member {product_id} score units
SELECT product_id, sum(quantity) AS units
FROM order_items WHERE created_at > now() - interval '5 minutes' GROUP BY product_id;
