-- redis: hash orders:by_status field {status} name orders_by_status
SELECT status, count(*) AS orders FROM orders GROUP BY status;
