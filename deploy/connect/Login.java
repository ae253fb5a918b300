package millrace.connect;

import jakarta.annotation.Priority;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.rest.ConnectRestExtension;
import org.apache.kafka.connect.rest.ConnectRestExtensionContext;

/**
 * Kafka Connect's REST interface answers only clients that log in by HTTP's Basic scheme; others get 401.
 *
 * <p>Requests between workers aren't exempt, as there is one worker: none asks another.
 */
public final class Login implements ConnectRestExtension {
    /** The worker's property that names a file with USER:PASSWORD. */
    public static final String FILE = "millrace.rest.login.file";

    private byte[] wanted;

    @Override
    public void configure(Map<String, ?> properties) {
        Object file = properties.get(FILE);
        try {
            byte[] login = Files.readString(Path.of(String.valueOf(file))).strip().getBytes(StandardCharsets.UTF_8);
            if (login.length == 0) {
                throw new ConfigException(FILE, file, "the file is empty");
            }
            wanted = ("Basic " + Base64.getEncoder().encodeToString(login)).getBytes(StandardCharsets.US_ASCII);
        } catch (IOException error) {
            throw new ConfigException(FILE, file, "the file can't be read");
        }
    }

    @Override
    public void register(ConnectRestExtensionContext context) {
        context.configurable().register(new Filter(wanted));
    }

    @Override
    public void close() {}

    @Override
    public String version() {
        return "1";
    }

    /** Before any path is looked at, so that none is open. */
    @PreMatching
    @Priority(Priorities.AUTHENTICATION)
    static final class Filter implements ContainerRequestFilter {
        private final byte[] wanted;

        Filter(byte[] wanted) {
            this.wanted = wanted;
        }

        @Override
        public void filter(ContainerRequestContext request) {
            String shown = request.getHeaderString(HttpHeaders.AUTHORIZATION);
            // isEqual takes as long for a password that is nearly right.
            if (shown == null || !MessageDigest.isEqual(shown.getBytes(StandardCharsets.UTF_8), wanted)) {
                request.abortWith(Response.status(Response.Status.UNAUTHORIZED)
                    .header(HttpHeaders.WWW_AUTHENTICATE, "Basic realm=\"Kafka Connect\"")
                    .type(MediaType.APPLICATION_JSON)
                    .entity("{\"error_code\":401,\"message\":\"a user and a password are needed (CONNECT_USER, CONNECT_PASSWORD)\"}")
                    .build());
            }
        }
    }
}
