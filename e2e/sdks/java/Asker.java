import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.statefun.sdk.java.Address;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunction;
import org.apache.flink.statefun.sdk.java.StatefulFunctionSpec;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.ValueSpec;
import org.apache.flink.statefun.sdk.java.io.KafkaEgressMessage;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.message.MessageBuilder;
import org.apache.flink.statefun.sdk.java.types.Type;

/** Asks many echoes, which answer, and counts down by messages to itself. */
final class Asker implements StatefulFunction {
  private static final TypeName OUT = TypeName.typeNameFromString("dialogue/out");
  private static final Type<Ask> ASK = Json.type("dialogue/Ask", Ask.class);
  private static final Type<Countdown> COUNTDOWN = Json.type("dialogue/Countdown", Countdown.class);
  private static final ValueSpec<Long> ROUNDS = ValueSpec.named("rounds").withLongType();

  static final StatefulFunctionSpec SPEC =
      StatefulFunctionSpec.builder(TypeName.typeNameFromString("dialogue/asker"))
          .withValueSpecs(Echo.REPLIES, ROUNDS)
          .withSupplier(Asker::new)
          .build();

  record Ask(long echoes, long count) {}

  record Countdown(long left) {}

  @Override
  public CompletableFuture<Void> apply(Context context, Message message) {
    if (message.is(ASK)) {
      begin(context, message.as(ASK));
    } else if (message.isLong()) {
      heard(context);
    } else if (message.is(COUNTDOWN)) {
      down(context, message.as(COUNTDOWN));
    } else {
      throw Rejection.unknown(message);
    }
    return context.done();
  }

  private static void begin(Context context, Ask ask) {
    for (long i = 0; i < ask.echoes(); i++) {
      context.send(MessageBuilder.forAddress(Echo.TYPE, Long.toString(i)).withValue(ask.echoes()).build());
    }
    count(context, ask.count());
  }

  /** Counts an answer, and reports each hundredth. */
  private static void heard(Context context) {
    if (!context.caller().map(Address::type).equals(Optional.of(Echo.TYPE))) {
      throw new IllegalStateException("an answer came from " + context.caller());
    }
    long n = Echo.increment(context, Echo.REPLIES);
    if (n % 100 == 0) {
      say(context, context.self().id(), n + " answers");
    }
  }

  private static void down(Context context, Countdown countdown) {
    if (!context.caller().equals(Optional.of(context.self()))) {
      throw new IllegalStateException("a message to itself came from " + context.caller());
    }
    if (countdown.left() == 0) {
      say(context, context.self().id() + " itself", context.storage().get(ROUNDS).orElse(0L) + " rounds");
      return;
    }
    Echo.increment(context, ROUNDS);
    count(context, countdown.left() - 1);
  }

  private static void count(Context context, long left) {
    context.send(MessageBuilder.forAddress(context.self()).withCustomType(COUNTDOWN, new Countdown(left)).build());
  }

  private static void say(Context context, String key, String text) {
    context.send(KafkaEgressMessage.forEgress(OUT).withTopic("heard").withUtf8Key(key).withUtf8Value(text).build());
  }
}
