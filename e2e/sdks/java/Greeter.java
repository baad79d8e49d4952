import java.util.concurrent.CompletableFuture;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunction;
import org.apache.flink.statefun.sdk.java.StatefulFunctionSpec;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.ValueSpec;
import org.apache.flink.statefun.sdk.java.io.KafkaEgressMessage;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.types.Type;

/** Counts how often it has greeted each person. */
final class Greeter implements StatefulFunction {
  private static final TypeName GREETS = TypeName.typeNameFromString("example/greets");
  private static final Type<Request> REQUEST = Json.type("example/GreetRequest", Request.class);
  private static final ValueSpec<Long> SEEN = ValueSpec.named("seen").withLongType();

  static final StatefulFunctionSpec SPEC =
      StatefulFunctionSpec.builder(TypeName.typeNameFromString("example/greeter"))
          .withValueSpec(SEEN)
          .withSupplier(() -> new Rejecting(new Greeter(), GREETS))
          .build();

  record Request(String name) {}

  @Override
  public CompletableFuture<Void> apply(Context context, Message message) {
    if (!message.is(REQUEST)) {
      throw Rejection.unknown(message);
    }
    String name = Rejection.orValue(message, REQUEST).name();
    if (name == null || name.isEmpty()) {
      throw new Rejection("a greeting needs a name");
    }
    long visits = context.storage().get(SEEN).orElse(0L) + 1;
    context.storage().set(SEEN, visits);
    context.send(
        KafkaEgressMessage.forEgress(GREETS)
            .withTopic("greetings")
            .withUtf8Key(name)
            .withUtf8Value("Hello " + name + ", visit " + visits)
            .build());
    return context.done();
  }
}
