package millrace.peer;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.KeyValue;

/** The shop's figures: what each row adds to which key. */
final class Shop {
    static final List<String> TABLES = List.of("customers", "products", "orders", "order_items");
    /** The one table whose rows aren't shown. */
    static final String NOT_SHOWN = "order_items";

    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("yyyyMMdd_HHmm").withZone(ZoneOffset.UTC);
    private static final long MICROS = 1_000_000;

    private Shop() {}

    /** Returns what a change adds to each key: the new row less the old one, without what comes to nothing. */
    static List<KeyValue<String, Sums>> changes(String table, Change change) {
        Map<String, Sums> sums = new HashMap<>();
        if (change.hasBefore()) {
            count(table, change.before(), (key, row) -> sums.merge(key, row.negated(), Sums::plus));
        }
        if (change.hasAfter()) {
            count(table, change.after(), (key, row) -> sums.merge(key, row, Sums::plus));
        }
        List<KeyValue<String, Sums>> out = new ArrayList<>(sums.size());
        sums.forEach((key, sum) -> {
            if (!sum.isZero()) {
                out.add(KeyValue.pair(key, sum));
            }
        });
        return out;
    }

    private static void count(String table, JsonNode row, BiConsumer<String, Sums> add) {
        switch (table) {
            case "customers" -> {
                Sums one = new Sums(1, 0, 0);
                add.accept("minute_customers:" + minute(row.get("created_at")), one);
                accept(add, "geo_customers:", row.get("state"), one);
            }
            case "products" -> accept(add, "categories:", row.get("category"), new Sums(1, 0, 0));
            case "orders" -> {
                Sums order = new Sums(1, 0, cents(row.get("total_amount")));
                add.accept("revenue", order);
                accept(add, "orders_by_status:", row.get("status"), new Sums(1, 0, 0));
                add.accept("minute_orders:" + minute(row.get("order_date")), order);
                accept(add, "customer_stats:", row.get("customer_id"), order);
            }
            case "order_items" -> {
                long quantity = row.get("quantity").longValue();
                add.accept("minute_items:" + minute(row.get("created_at")), new Sums(1, quantity, 0));
                accept(add, "product_stats:", row.get("product_id"), new Sums(1, quantity, quantity * cents(row.get("unit_price"))));
            }
            default -> throw new IllegalArgumentException("no figures about the table " + table);
        }
    }

    /** SQL's NULL is a group that is shown nowhere. */
    private static void accept(BiConsumer<String, Sums> add, String figure, JsonNode column, Sums sums) {
        if (!column.isNull()) {
            add.accept(figure + column.asText(), sums);
        }
    }

    private static long cents(JsonNode amount) {
        return amount.isNull() ? 0 : Long.parseLong(amount.asText().replace(".", ""));
    }

    private static String minute(JsonNode micros) {
        return MINUTE.format(Instant.ofEpochSecond(Math.floorDiv(micros.longValue(), MICROS)));
    }
}
