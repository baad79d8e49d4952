import java.util.concurrent.CompletableFuture;
import org.apache.flink.statefun.sdk.java.Address;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunction;
import org.apache.flink.statefun.sdk.java.StatefulFunctionSpec;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.ValueSpec;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.message.MessageBuilder;

/** Replies with how often it was asked. */
final class Echo implements StatefulFunction {
  static final TypeName TYPE = TypeName.typeNameFromString("dialogue/echo");
  static final ValueSpec<Long> REPLIES = ValueSpec.named("replies").withLongType();

  static final StatefulFunctionSpec SPEC =
      StatefulFunctionSpec.builder(TYPE).withValueSpec(REPLIES).withSupplier(Echo::new).build();

  @Override
  public CompletableFuture<Void> apply(Context context, Message message) {
    if (!message.isLong()) {
      throw Rejection.unknown(message);
    }
    Address caller = context.caller().orElseThrow(() -> new Rejection("nobody asked"));
    context.send(MessageBuilder.forAddress(caller).withValue(increment(context, REPLIES)).build());
    return context.done();
  }

  /** Adds one to a number in the storage and returns it. */
  static long increment(Context context, ValueSpec<Long> number) {
    long n = context.storage().get(number).orElse(0L) + 1;
    context.storage().set(number, n);
    return n;
  }
}
