import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.flink.statefun.sdk.java.Context;
import org.apache.flink.statefun.sdk.java.StatefulFunction;
import org.apache.flink.statefun.sdk.java.StatefulFunctionSpec;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.ValueSpec;
import org.apache.flink.statefun.sdk.java.io.KafkaEgressMessage;
import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.message.MessageBuilder;

/** A shopper's cart, which keeps goods for some time only. */
record Cart(Duration hold) implements StatefulFunction {
  private static final ValueSpec<Contents> BASKET =
      ValueSpec.named("basket").withCustomType(Json.type("shop/Contents", Contents.class));

  static StatefulFunctionSpec spec(Duration hold) {
    return StatefulFunctionSpec.builder(TypeName.typeNameFromString("shop/cart"))
        .withValueSpec(BASKET)
        .withSupplier(() -> new Rejecting(new Cart(hold), Shop.RECORDS))
        .build();
  }

  @Override
  public CompletableFuture<Void> apply(Context context, Message message) {
    if (message.is(Shop.ADD)) {
      add(context, Rejection.orValue(message, Shop.ADD));
    } else if (message.is(Shop.RESERVED)) {
      reserved(context, Rejection.orValue(message, Shop.RESERVED));
    } else if (message.is(Shop.REFUSED)) {
      refused(context, Rejection.orValue(message, Shop.REFUSED));
    } else if (message.is(Shop.EXPIRE)) {
      expire(context, Rejection.orValue(message, Shop.EXPIRE));
    } else if (message.is(Shop.REMOVE)) {
      remove(context, Rejection.orValue(message, Shop.REMOVE).item());
    } else if (message.is(Shop.CHECKOUT)) {
      checkout(context);
    } else {
      throw Rejection.unknown(message);
    }
    return context.done();
  }

  private static void add(Context context, Shop.Line line) {
    if (line.item() == null || line.item().isEmpty() || line.quantity() < 1) {
      throw new Rejection("name an item and a quantity of at least 1");
    }
    context.send(
        MessageBuilder.forAddress(Stock.of(line.item()))
            .withCustomType(Shop.RESERVE, new Shop.Quantity(line.quantity()))
            .build());
  }

  /** Puts goods into the cart. A delayed message will take them out again; more of the same get the full time anew. */
  private void reserved(Context context, Shop.Line line) {
    Contents contents = contents(context).with(line.item(), line.quantity());
    context.storage().set(BASKET, contents);
    Contents.Held held = contents.find(line.item()).orElseThrow();
    notice(context, line.item() + ": " + held.quantity() + " in the cart");
    context.cancelDelayedMessage(token(line.item()));
    context.sendAfter(
        hold,
        token(line.item()),
        MessageBuilder.forAddress(context.self())
            .withCustomType(Shop.EXPIRE, new Shop.Expiration(line.item(), held.number()))
            .build());
  }

  private static void refused(Context context, Shop.Refusal refusal) {
    notice(context, refusal.item() + ": not enough, " + refusal.left() + " left");
  }

  /** Compares numbers, because a message can be on its way already when it is cancelled. */
  private static void expire(Context context, Shop.Expiration expiration) {
    Contents contents = contents(context);
    contents
        .find(expiration.item())
        .filter(held -> held.number() == expiration.number())
        .ifPresent(
            held -> {
              notice(context, held.item() + ": the reservation is over");
              giveBack(context, contents, held);
            });
  }

  private static void remove(Context context, String item) {
    Contents contents = contents(context);
    contents
        .find(item)
        .ifPresent(
            held -> {
              context.cancelDelayedMessage(token(item));
              giveBack(context, contents, held);
            });
  }

  private static void giveBack(Context context, Contents contents, Contents.Held held) {
    context.send(
        MessageBuilder.forAddress(Stock.of(held.item()))
            .withCustomType(Shop.RESTOCK, new Shop.Quantity(held.quantity()))
            .build());
    context.storage().set(BASKET, contents.without(held.item()));
  }

  private static void checkout(Context context) {
    Contents contents = contents(context);
    if (contents.held().isEmpty()) {
      notice(context, "the cart is empty");
      return;
    }
    contents.held().forEach(held -> context.cancelDelayedMessage(token(held.item())));
    context.storage().set(BASKET, contents.bought());
    List<Shop.Line> lines =
        contents.held().stream().map(held -> new Shop.Line(held.item(), held.quantity())).toList();
    String shopper = context.self().id();
    context.send(
        KafkaEgressMessage.forEgress(Shop.RECORDS)
            .withTopic("receipts")
            .withUtf8Key(shopper)
            .withValue(Shop.RECEIPT, new Shop.Receipt(shopper, contents.receipts() + 1, lines))
            .build());
  }

  /**
   * Names the cart in the token of an item: a runtime keeps the tokens of all functions of one id in one index, and the
   * SDK sends them as they are.
   */
  private static String token(String item) {
    return "shop/cart|" + item;
  }

  private static Contents contents(Context context) {
    return context.storage().get(BASKET).orElse(Contents.NONE);
  }

  private static void notice(Context context, String text) {
    context.send(
        KafkaEgressMessage.forEgress(Shop.RECORDS)
            .withTopic("notices")
            .withUtf8Key(context.self().id())
            .withUtf8Value(text)
            .build());
  }
}
