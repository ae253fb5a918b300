-- The orders of each day, by their status.

-- redis: hash batch_etl:orders:latest field {day}:{status} every 60s name batch_orders
SELECT order_date::date AS day, status,
       json_build_object('count', count(*), 'revenue', sum(total_amount), 'avg', round(avg(total_amount), 2),
                         'min', min(total_amount), 'max', max(total_amount)) AS orders
FROM orders GROUP BY 1, 2;
