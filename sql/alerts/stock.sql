-- Products that run out.

-- alert: out_of_stock severity critical
SELECT id, name, stock_quantity FROM products WHERE stock_quantity = 0;

-- Ten or fewer for a minute: a correction that follows at once isn't worth a message.
-- alert: low_stock severity warning for 1m keep 1m
SELECT id, name, stock_quantity FROM products WHERE stock_quantity BETWEEN 1 AND 10;
