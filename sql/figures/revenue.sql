-- What the shop has sold, all in all.

-- redis: string metrics:revenue:total name revenue
SELECT sum(total_amount) AS revenue FROM orders;

-- redis: hash metrics:orders:by_status field {status} name orders_by_status
SELECT status, count(*) AS orders FROM orders GROUP BY status;
