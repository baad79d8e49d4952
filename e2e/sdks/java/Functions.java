import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import org.apache.flink.statefun.sdk.java.StatefulFunctions;
import org.apache.flink.statefun.sdk.java.handler.RequestReplyHandler;
import org.apache.flink.statefun.sdk.java.slice.Slice;
import org.apache.flink.statefun.sdk.java.slice.Slices;

/**
 * The functions of the scenarios greeter, shop and dialogue, written with the official SDK for Java. The arguments are a
 * port of the loopback interface, and how many milliseconds the shop keeps goods for a cart.
 */
public final class Functions {
  // A runtime opens up to so many connections at once and keeps them.
  private static final int CONNECTIONS = 1024;

  static {
    // Else each answer takes 40 ms more: the server writes its head alone, and its body waits until that has arrived.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    // Else the server closes what is idle beyond 200, perhaps as the next call begins.
    System.setProperty("sun.net.httpserver.maxIdleConnections", Integer.toString(CONNECTIONS));
  }

  public static void main(String[] args) throws IOException {
    StatefulFunctions functions =
        new StatefulFunctions()
            .withStatefulFunction(Greeter.SPEC)
            .withStatefulFunction(Cart.spec(Duration.ofMillis(Long.parseLong(args[1]))))
            .withStatefulFunction(Stock.SPEC)
            .withStatefulFunction(Asker.SPEC)
            .withStatefulFunction(Echo.SPEC);
    RequestReplyHandler handler = functions.requestReplyHandler();
    int port = Integer.parseInt(args[0]);
    HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), CONNECTIONS);
    server.setExecutor(Executors.newFixedThreadPool(4));
    server.createContext("/", exchange -> serve(handler, exchange));
    server.start();
  }

  /** The SDK turns bytes into bytes; HTTP is everybody's own. */
  private static void serve(RequestReplyHandler handler, HttpExchange exchange) throws IOException {
    byte[] request = exchange.getRequestBody().readAllBytes();
    handler.handle(Slices.wrap(request)).whenComplete((answer, failure) -> answer(exchange, answer, failure));
  }

  private static void answer(HttpExchange exchange, Slice answer, Throwable failure) {
    try (exchange) {
      if (failure == null) {
        exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
        send(exchange, 200, answer.toByteArray());
      } else {
        failure.printStackTrace();
        send(exchange, 500, failure.toString().getBytes(StandardCharsets.UTF_8)); // which the engine logs
      }
    } catch (IOException e) {
      e.printStackTrace();
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    // The server takes a length of 0 for one that it does not know; -1 is an empty body.
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }
}
