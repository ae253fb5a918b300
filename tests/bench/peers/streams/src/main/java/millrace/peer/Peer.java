package millrace.peer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * Kafka Streams with exactly_once_v2: all sums in one store behind one repartition topic, the rows in a store for each table. Redis isn't in it: who
 * wants the figures asks this process.
 */
public final class Peer {
    private static final String FIGURES = "figures";
    private static final String BY_STATUS = "orders_by_status:";
    private static final Map<String, String> DEFAULTS =
        Map.of("topics-prefix", "dbserver1.public.", "threads", "2", "commit-ms", "100", "stores", "in-memory");

    private final Map<String, String> asked;
    private final String application = "streams-peer-" + UUID.randomUUID();
    private final LongAdder records = new LongAdder();
    private final AtomicLong began = new AtomicLong();

    private Peer(Map<String, String> asked) {
        this.asked = asked;
    }

    public static void main(String[] arguments) throws Exception {
        new Peer(parse(arguments)).run();
    }

    private void run() throws Exception {
        Path state = Files.createTempDirectory("streams-peer-");
        Map<TopicPartition, Long> ends = ends();
        try (Admin admin = Admin.create(broker());
             KafkaStreams streams = new KafkaStreams(topology(), settings(state))) {
            streams.setUncaughtExceptionHandler(error -> {
                error.printStackTrace();
                Runtime.getRuntime().halt(1);
                return StreamThreadExceptionResponse.SHUTDOWN_APPLICATION;
            });
            streams.start();
            await(admin, ends);
            await(admin, repartitionEnds(admin));
            double seconds = (System.nanoTime() - began.get()) / 1e9;
            report(seconds, results(streams));
            streams.close(CloseOptions.groupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
            streams.cleanUp();
            forget(admin);
        } finally {
            remove(state);
        }
    }

    private Topology topology() {
        Serde<byte[]> bytes = Serdes.ByteArray();
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, Sums> sums = null;
        for (String table : Shop.TABLES) {
            KStream<byte[], Change> changes = builder.stream(asked.get("topics-prefix") + table, Consumed.with(bytes, bytes))
                .peek((key, value) -> count())
                .filter((key, value) -> value != null)
                .mapValues(Change::parse);
            if (!table.equals(Shop.NOT_SHOWN)) {
                changes.filter((key, change) -> key != null).mapValues(Change::row)
                    .toTable(Materialized.<byte[], byte[], KeyValueStore<Bytes, byte[]>>as(table).withKeySerde(bytes).withValueSerde(bytes));
            }
            KStream<String, Sums> added = changes.flatMap((key, change) -> Shop.changes(table, change));
            sums = sums == null ? added : sums.merge(added);
        }
        sums.groupByKey(Grouped.with(FIGURES, Serdes.String(), Sums.serde()))
            .reduce(Sums::afterwards, Materialized.<String, Sums, KeyValueStore<Bytes, byte[]>>as(FIGURES)
                .withKeySerde(Serdes.String()).withValueSerde(Sums.serde()));
        return builder.build();
    }

    private void count() {
        records.increment();
        if (began.get() == 0) {
            began.compareAndSet(0, System.nanoTime());
        }
    }

    /** Returns where Kafka is and how to log in: KAFKA_PROPERTIES_FILE has it in librdkafka's words. */
    private Properties broker() throws IOException {
        Properties out = new Properties();
        out.put("bootstrap.servers", asked.get("broker"));
        String file = System.getenv("KAFKA_PROPERTIES_FILE");
        if (file != null && !file.isEmpty()) {
            Properties given = new Properties();
            try (var text = Files.newBufferedReader(Path.of(file))) {
                given.load(text);
            }
            out.put("security.protocol", given.getProperty("security.protocol").toUpperCase(Locale.ROOT));
            out.put("sasl.mechanism", given.getProperty("sasl.mechanism"));
            out.put("sasl.jaas.config", "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";"
                .formatted(given.getProperty("sasl.username"), given.getProperty("sasl.password")));
        }
        return out;
    }

    private Properties settings(Path state) throws IOException {
        Properties out = broker();
        out.put(StreamsConfig.APPLICATION_ID_CONFIG, application);
        out.put(StreamsConfig.STATE_DIR_CONFIG, state.toString());
        out.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        out.put(StreamsConfig.REPLICATION_FACTOR_CONFIG, 1);
        out.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, Integer.parseInt(asked.get("threads")));
        out.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, Integer.parseInt(asked.get("commit-ms")));
        out.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 128L << 20);
        if (asked.get("stores").equals("in-memory")) {
            out.put(StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG, BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        }
        out.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        out.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG), 5000);
        out.put(StreamsConfig.BUFFERED_RECORDS_PER_PARTITION_CONFIG, 5000);
        out.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 100);
        out.put(StreamsConfig.producerPrefix(ProducerConfig.BATCH_SIZE_CONFIG), 256 << 10);
        out.put(StreamsConfig.producerPrefix(ProducerConfig.COMPRESSION_TYPE_CONFIG), "lz4");
        return out;
    }

    /** Waits until what is committed reaches the ends: with exactly_once_v2 the results are then committed too. */
    private void await(Admin admin, Map<TopicPartition, Long> ends) throws Exception {
        Map<TopicPartition, Long> open = new HashMap<>(ends);
        while (!open.isEmpty()) {
            var committed = admin.listConsumerGroupOffsets(application).partitionsToOffsetAndMetadata().get();
            open.entrySet().removeIf(place -> {
                var offset = committed.get(place.getKey());
                return offset != null && offset.offset() >= place.getValue();
            });
            Thread.sleep(20);
        }
    }

    private Map<TopicPartition, Long> ends() throws Exception {
        Map<TopicPartition, Long> out = new HashMap<>();
        JsonNode topics = new JsonMapper().readTree(Path.of(asked.get("end")).toFile());
        topics.properties().forEach(topic -> topic.getValue().properties().forEach(partition -> {
            if (partition.getValue().longValue() > 0) {
                out.put(new TopicPartition(topic.getKey(), Integer.parseInt(partition.getKey())), partition.getValue().longValue());
            }
        }));
        return out;
    }

    /** Returns where the repartition topic ends once the changes are read: nothing is written to it any more, only transactions' markers may be. */
    private Map<TopicPartition, Long> repartitionEnds(Admin admin) throws Exception {
        String topic = application + "-" + FIGURES + "-repartition";
        var partitions = admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic).partitions();
        var latest = partitions.stream().collect(Collectors.toMap(p -> new TopicPartition(topic, p.partition()), p -> OffsetSpec.latest()));
        Map<TopicPartition, Long> out = new HashMap<>();
        admin.listOffsets(latest).all().get().forEach((partition, end) -> {
            if (end.offset() > 0) {
                out.put(partition, end.offset());
            }
        });
        return out;
    }

    private ObjectNode results(KafkaStreams streams) {
        ReadOnlyKeyValueStore<String, Sums> figures =
            streams.store(StoreQueryParameters.fromNameAndType(FIGURES, QueryableStoreTypes.keyValueStore()));
        ObjectNode out = new JsonMapper().createObjectNode();
        Sums all = figures.get("revenue");
        long cents = all == null ? 0 : all.cents();
        out.put("revenue_total", "%d.%02d".formatted(cents / 100, cents % 100));
        ObjectNode byStatus = out.putObject("orders_by_status");
        try (var each = figures.range(BY_STATUS, BY_STATUS + "\uffff")) {
            each.forEachRemaining(status -> byStatus.put(status.key.substring(BY_STATUS.length()), status.value.rows()));
        }
        out.put("orders", all == null ? 0 : all.rows());
        return out;
    }

    private void report(double seconds, ObjectNode results) throws Exception {
        ObjectNode line = new JsonMapper().createObjectNode();
        line.put("peer", "streams").put("records", records.sum()).put("seconds", Math.round(seconds * 1000) / 1000.0);
        var system = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        line.put("cpu_seconds", Math.round(system.getProcessCpuTime() / 1e7) / 100.0);
        String peak = Files.readAllLines(Path.of("/proc/self/status")).stream().filter(text -> text.startsWith("VmHWM")).findFirst().orElseThrow();
        line.put("peak_rss_mib", Long.parseLong(peak.replaceAll("\\D", "")) / 1024);
        line.set("results", results);
        System.out.println(line);
    }

    /** Takes what this run left in Kafka away: its topics, its group. */
    private void forget(Admin admin) throws Exception {
        var topics = admin.listTopics().names().get().stream().filter(name -> name.startsWith(application)).toList();
        admin.deleteTopics(topics).all().get();
        admin.deleteConsumerGroups(List.of(application)).all().get();
    }

    private static void remove(Path folder) throws IOException {
        try (var tree = Files.walk(folder)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private static Map<String, String> parse(String[] arguments) {
        Map<String, String> out = new HashMap<>(DEFAULTS);
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            out.put(arguments[i].replaceFirst("^--", ""), arguments[i + 1]);
        }
        for (String needed : new String[] {"broker", "end"}) {
            if (!out.containsKey(needed)) {
                System.err.println("--" + needed + " is missing; tests/bench/peers/README.md has the arguments");
                System.exit(2);
            }
        }
        return out;
    }
}
