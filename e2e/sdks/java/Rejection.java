import org.apache.flink.statefun.sdk.java.message.Message;
import org.apache.flink.statefun.sdk.java.types.Type;

/**
 * Says that no other attempt would mend a message. It must be thrown before any effect: the SDK does not take effects
 * back.
 */
final class Rejection extends RuntimeException {
  Rejection(String reason) {
    super(reason);
  }

  /** Decodes a message; what cannot be decoded is rejected. */
  static <T> T orValue(Message message, Type<T> type) {
    try {
      return message.as(type);
    } catch (RuntimeException e) {
      throw new Rejection("decode " + type.typeName().asTypeNameString() + ": " + e);
    }
  }

  /**
   * For a message that no function takes. The SDK leaves that to the function, and one that forgets it loses the message.
   */
  static Rejection unknown(Message message) {
    return new Rejection("nobody takes " + message.valueTypeName().asTypeNameString());
  }
}
