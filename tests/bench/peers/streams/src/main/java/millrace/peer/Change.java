package millrace.peer;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;

/** A record of Debezium's: the row before and the row after, either of which may be null. The rest of it isn't parsed into anything. */
@JsonIgnoreProperties(ignoreUnknown = true)
record Change(JsonNode before, JsonNode after) {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final ObjectReader READER = MAPPER.readerFor(Change.class);

    /** Reads a record's value; null, a tombstone, stays null. */
    static Change parse(byte[] value) {
        try {
            return value == null ? null : READER.readValue(value);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    boolean hasBefore() {
        return before != null && !before.isNull();
    }

    boolean hasAfter() {
        return after != null && !after.isNull();
    }

    /** Returns the row after the change as JSON, or null where it is gone. */
    byte[] row() {
        try {
            return hasAfter() ? MAPPER.writeValueAsBytes(after) : null;
        } catch (JsonProcessingException error) {
            throw new UncheckedIOException(error);
        }
    }
}
