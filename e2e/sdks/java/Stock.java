import java.util.concurrent.CompletableFuture;
import org.apache.flink.statefun.sdk.java.Address;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunction;
import org.apache.flink.statefun.sdk.java.StatefulFunctionSpec;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.ValueSpec;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.message.MessageBuilder;

/** What the shop has of one item. */
final class Stock implements StatefulFunction {
  private static final TypeName TYPE = TypeName.typeNameFromString("shop/stock");
  private static final ValueSpec<Long> LEFT = ValueSpec.named("left").withLongType();

  static final StatefulFunctionSpec SPEC =
      StatefulFunctionSpec.builder(TYPE)
          .withValueSpec(LEFT)
          .withSupplier(() -> new Rejecting(new Stock(), Shop.RECORDS))
          .build();

  /** The stock of an item. */
  static Address of(String item) {
    return new Address(TYPE, item);
  }

  @Override
  public CompletableFuture<Void> apply(Context context, Message message) {
    if (message.is(Shop.RESTOCK)) {
      restock(context, quantity(message));
    } else if (message.is(Shop.RESERVE)) {
      reserve(context, quantity(message));
    } else {
      throw Rejection.unknown(message);
    }
    return context.done();
  }

  private static long quantity(Message message) {
    long quantity =
        Rejection.orValue(message, message.is(Shop.RESTOCK) ? Shop.RESTOCK : Shop.RESERVE).quantity();
    if (quantity < 1) {
      throw new Rejection("the quantity must be at least 1");
    }
    return quantity;
  }

  private static void restock(Context context, long quantity) {
    context.storage().set(LEFT, left(context) + quantity);
  }

  private static void reserve(Context context, long quantity) {
    Address cart =
        context.caller().orElseThrow(() -> new Rejection("only a cart can reserve: there is nobody to answer"));
    MessageBuilder answer = MessageBuilder.forAddress(cart);
    String item = context.self().id();
    long left = left(context);
    if (quantity > left) {
      answer.withCustomType(Shop.REFUSED, new Shop.Refusal(item, left));
    } else {
      context.storage().set(LEFT, left - quantity);
      answer.withCustomType(Shop.RESERVED, new Shop.Line(item, quantity));
    }
    context.send(answer.build());
  }

  private static long left(Context context) {
    return context.storage().get(LEFT).orElse(0L);
  }
}
