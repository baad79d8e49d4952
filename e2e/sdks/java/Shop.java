import java.util.List;
import org.apache.flink.statefun.sdk.java.TypeName;
import org.apache.flink.statefun.sdk.java.types.Type;

/** What carts and the stock say to each other and to the world. */
final class Shop {
  static final TypeName RECORDS = TypeName.typeNameFromString("shop/records");

  static final Type<Line> ADD = Json.type("shop/Add", Line.class);
  static final Type<Item> REMOVE = Json.type("shop/Remove", Item.class);
  static final Type<Checkout> CHECKOUT = Json.type("shop/Checkout", Checkout.class);
  static final Type<Quantity> RESTOCK = Json.type("shop/Restock", Quantity.class);
  static final Type<Quantity> RESERVE = Json.type("shop/Reserve", Quantity.class);
  static final Type<Line> RESERVED = Json.type("shop/Reserved", Line.class);
  static final Type<Refusal> REFUSED = Json.type("shop/Refused", Refusal.class);
  static final Type<Expiration> EXPIRE = Json.type("shop/Expire", Expiration.class);
  static final Type<Receipt> RECEIPT = Json.type("shop/Receipt", Receipt.class);

  private Shop() {}

  record Line(String item, long quantity) {}

  record Item(String item) {}

  record Checkout() {}

  record Quantity(long quantity) {}

  record Refusal(String item, long left) {}

  /** The time of one reservation is over. */
  record Expiration(String item, long number) {}

  /** What was bought. */
  record Receipt(String shopper, long number, List<Line> lines) {}
}
