package millrace.peer;

import java.nio.ByteBuffer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** What is summed for a key of a figure: rows, pieces, and money in whole cents. Also a change of it. */
record Sums(long rows, long quantity, long cents) {
    private static final int BYTES = 3 * Long.BYTES;

    Sums plus(Sums other) {
        return new Sums(rows + other.rows, quantity + other.quantity, cents + other.cents);
    }

    Sums negated() {
        return new Sums(-rows, -quantity, -cents);
    }

    boolean isZero() {
        return rows == 0 && quantity == 0 && cents == 0;
    }

    /** Adds a change; null, which is no entry at all, once the last row has left. */
    Sums afterwards(Sums change) {
        Sums sum = plus(change);
        return sum.rows == 0 ? null : sum;
    }

    static Serde<Sums> serde() {
        return Serdes.serdeFrom(
            (topic, sums) -> sums == null ? null
                : ByteBuffer.allocate(BYTES).putLong(sums.rows).putLong(sums.quantity).putLong(sums.cents).array(),
            (topic, bytes) -> {
                if (bytes == null) {
                    return null;
                }
                ByteBuffer buffer = ByteBuffer.wrap(bytes);
                return new Sums(buffer.getLong(), buffer.getLong(), buffer.getLong());
            });
    }
}
