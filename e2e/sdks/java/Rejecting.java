import java.util.concurrent.CompletableFuture;
import org.apache.flink.statefun.sdk.java.Address;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunction;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.io.KafkaEgressMessage;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.types.Type;

/**
 * Sends what a function rejects to the topic rejected of an egress. The SDK has nothing of the kind: an exception that it
 * sees fails the whole batch, and the runtime sends it again.
 */
record Rejecting(StatefulFunction function, TypeName egress) implements StatefulFunction {
  private static final Type<Letter> LETTER = Json.type("io.statefun.go/DeadLetter", Letter.class);

  /** The record of a message; caller is null for one from an ingress. */
  record Letter(Party target, Party caller, String typename, byte[] value, String reason) {}

  record Party(String type, String id) {
    static Party of(Address address) {
      return new Party(address.type().asTypeNameString(), address.id());
    }
  }

  @Override
  public CompletableFuture<Void> apply(Context context, Message message) throws Throwable {
    try {
      return function.apply(context, message);
    } catch (Rejection rejection) {
      Letter letter =
          new Letter(
              Party.of(context.self()),
              context.caller().map(Party::of).orElse(null),
              message.valueTypeName().asTypeNameString(),
              message.rawValue().toByteArray(),
              rejection.getMessage());
      context.send(
          KafkaEgressMessage.forEgress(egress)
              .withTopic("rejected")
              .withUtf8Key(context.self().id())
              .withValue(LETTER, letter)
              .build());
      return context.done();
    }
  }
}
